namespace HybridStore.Realtime.Buffering;

/// <summary>Growing pauses between attempts, until the longest wait is over.</summary>
internal sealed class BlockPauses(TimeSpan longest, long since, TimeProvider timeProvider)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(250);

    private TimeSpan _pause = FirstPause;

    /// <returns>False, at once, if the wait is over.</returns>
    public async Task<bool> WaitAsync(CancellationToken cancellationToken)
    {
        var left = longest - timeProvider.GetElapsedTime(since);
        if (left <= TimeSpan.Zero)
        {
            return false;
        }

        // The last attempt is made at the end.
        await Task.Delay(_pause < left ? _pause : left, timeProvider, cancellationToken).ConfigureAwait(false);
        _pause = _pause * 2 < LongestPause ? _pause * 2 : LongestPause;
        return true;
    }
}
