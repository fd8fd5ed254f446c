using HybridStore.IntegrationTests.Resilience;
using Microsoft.Extensions.Time.Testing;

namespace HybridStore.IntegrationTests.Health;

/// <summary>Time that moves only when told, by intervals of the watch: it knows when the watch has done what there is to do and waits again.</summary>
internal sealed class IntervalClock : FakeTimeProvider
{
    /// <summary>A length that nobody else waits for.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(11);

    private int _waits;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        if (dueTime == Interval)
        {
            Interlocked.Increment(ref _waits);
        }

        return timer;
    }

    /// <summary>Waits until the watch has looked for the first time.</summary>
    public Task BeginAsync() => WaitsAsync(1);

    /// <summary>Lets an interval pass, and the watch look.</summary>
    public async Task PassAsync(int intervals = 1)
    {
        for (var passed = 0; passed < intervals; passed++)
        {
            var waits = Volatile.Read(ref _waits);
            Advance(Interval);
            await WaitsAsync(waits + 1);
        }
    }

    private Task WaitsAsync(int count) => Eventually.HappensAsync(() => Volatile.Read(ref _waits) >= count, "the watch has looked");
}
