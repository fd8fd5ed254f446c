using HybridStore.Keys;

namespace HybridStore.Realtime;

/// <summary>The settings of rolling counters: which there are.</summary>
public sealed class RollingCountersOptions : RealtimeServiceOptions
{
    internal Dictionary<string, RollingCounterOptions> Counters { get; } = new(StringComparer.Ordinal);

    internal override string ServiceName => "rolling counters";

    /// <summary>Adds a counter, or replaces the one of that name. What was counted with another resolution is not found again.</summary>
    /// <param name="name">Its name: 1 to 64 characters, none of them a control character. Part of names in Redis.</param>
    /// <param name="configure">Says how it counts. Without it: the last 5 minutes, in steps of 10 s.</param>
    /// <exception cref="ArgumentException">The name is empty, too long or has control characters.</exception>
    public void Add(string name, Action<RollingCounterOptions>? configure = null)
    {
        if (!KeyRules.IsValid(name) || name.Length > 64)
        {
            throw new ArgumentException(
                $"The name of a counter must have 1 to 64 characters and no control characters, such as \"requests\". It is {Excerpt.Of(name)}.",
                nameof(name));
        }

        var counter = new RollingCounterOptions();
        configure?.Invoke(counter);
        Counters[name] = counter;
    }

    internal override IEnumerable<string> Errors() => Counters.SelectMany(counter => counter.Value.Errors(counter.Key));
}
