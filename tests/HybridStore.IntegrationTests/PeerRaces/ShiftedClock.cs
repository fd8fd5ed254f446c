namespace HybridStore.IntegrationTests.PeerRaces;

/// <summary>The clock of a machine that is set wrong, and has been started at another time than the others.</summary>
internal sealed class ShiftedClock(TimeSpan ahead) : TimeProvider
{
    private long _ahead = ahead.Ticks;

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddTicks(Volatile.Read(ref _ahead));

    // An application cannot tell how long the others' machines have been running.
    public override long GetTimestamp() => base.GetTimestamp() + (long)(ahead.TotalSeconds * TimestampFrequency);

    /// <summary>Somebody sets the clock: the time jumps, what measures durations does not.</summary>
    public void Set(TimeSpan now) => Volatile.Write(ref _ahead, now.Ticks);
}
