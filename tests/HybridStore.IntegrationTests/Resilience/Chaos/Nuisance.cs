using HybridStore.Servers;

namespace HybridStore.IntegrationTests.Resilience.Chaos;

/// <summary>A way in which Redis is there and hard to work with.</summary>
internal sealed record Nuisance(string Name, int Rounds, Action<FaultProxy> Begin)
{
    public static IReadOnlyList<Nuisance> All { get; } =
    [
        new("slow", 1, static proxy => proxy.Latency = TimeSpan.FromMilliseconds(40)),
        new("slower than the time-out", 1, static proxy => proxy.Latency = TimeSpan.FromMilliseconds(250)),
        new("throttled", 1, static proxy => proxy.Replies.BytesPerSecond = 20_000),
        new("reset again and again", 5, static proxy => proxy.Reset()),
        new("answers that arrive corrupted", 5, static proxy => proxy.Replies.CorruptNext(100)),
        new("answers that do not arrive", 1, static proxy => proxy.Replies.Stall()),
        new("requests that do not arrive", 1, static proxy => proxy.Requests.Stall()),
    ];
}
