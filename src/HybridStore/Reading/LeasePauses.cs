namespace HybridStore.Reading;

/// <summary>The pauses between two looks at a lease that somebody else holds: growing, so that a long load is not asked about all the time, and
/// jittered, so that those who wait do not ask together.</summary>
internal struct LeasePauses
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(50);

    private TimeSpan _next;

    /// <param name="left">How long the caller goes on waiting.</param>
    public TimeSpan Next(TimeSpan left)
    {
        var pause = _next == TimeSpan.Zero ? First : _next;
        _next = pause * 2 < Longest ? pause * 2 : Longest;
        var jittered = pause * (0.75 + (Random.Shared.NextDouble() / 2));
        return jittered < left ? jittered : left;
    }
}
