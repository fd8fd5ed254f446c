namespace HybridStore.Realtime.Buffering;

/// <summary>Ends a wait early; set while nobody waits it ends the next one. For one who waits, and any who set it.</summary>
internal sealed class WakeSignal
{
    private TaskCompletionSource _source = New();

    public void Set() => Volatile.Read(ref _source).TrySetResult();

    /// <returns>Whether it was set. It is not any more.</returns>
    public async Task<bool> WaitAsync(TimeSpan longest, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        var source = Volatile.Read(ref _source);
        if (longest > TimeSpan.Zero)
        {
            await source.Task.WaitAsync(longest, timeProvider, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        if (!source.Task.IsCompleted)
        {
            return false;
        }

        Volatile.Write(ref _source, New());
        return true;
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
