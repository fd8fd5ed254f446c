using HybridStore.Keys;
using HybridStore.Realtime.Registration;

namespace HybridStore.Realtime.Counters;

/// <inheritdoc cref="IRollingCounters"/>
internal sealed class RollingCounters : IRollingCounters, IRealtimeComponent
{
    private readonly Dictionary<string, RollingCounter> _counters;

    public RollingCounters(RealtimeRoot root, RollingCountersOptions options)
    {
        var link = root.Links.For(options);
        Options = options;
        _counters = options.Counters.ToDictionary(
            counter => counter.Key,
            counter => new RollingCounter(link, options.KeyPrefix ?? link.Prefix, counter.Key, counter.Value),
            StringComparer.Ordinal);
    }

    public RealtimeServiceOptions Options { get; }

    public bool IsDurable => false;

    public bool NeedsTables => false;

    public IRollingCounter Get(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return _counters.TryGetValue(name, out var counter)
            ? counter
            : throw new ArgumentException(
                $"There is no counter {Excerpt.Of(name)}: add it in AddRollingCounters(counters => counters.Add(...)).", nameof(name));
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
