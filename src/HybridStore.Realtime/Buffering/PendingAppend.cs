namespace HybridStore.Realtime.Buffering;

/// <summary>How an append has ended, as far as a partition knows.</summary>
internal enum AppendVerdict
{
    /// <summary>The rows will arrive, or have arrived.</summary>
    Taken,

    /// <summary>There is no room; the rows are not there.</summary>
    Full,

    /// <summary>Redis is not there; the rows are not there.</summary>
    Unavailable,

    /// <summary>Whether the rows are there is not known, and is not found out any more.</summary>
    Unknown,
}

internal readonly record struct AppendOutcome(AppendVerdict Verdict, Exception? Error = null);

/// <summary>Rows that wait to be sent together. One who is cancelled while they still wait takes them back.</summary>
/// <param name="payload">The rows, each behind its length.</param>
/// <param name="rows">How many.</param>
internal sealed class PendingAppend(byte[] payload, int rows)
    : TaskCompletionSource<AppendOutcome>(TaskCreationOptions.RunContinuationsAsynchronously)
{
    public byte[] Payload { get; } = payload;

    public int Rows { get; } = rows;

    /// <summary>When they began to wait.</summary>
    public long WaitingSince { get; init; }
}
