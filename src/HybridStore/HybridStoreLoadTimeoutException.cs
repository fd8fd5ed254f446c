namespace HybridStore;

/// <summary>
/// A read waited for its load for as long as <see cref="EntryOptions.HardLoadTimeout"/> allows, and there was no value that could be served
/// in its place. The load itself goes on where others wait for it. The read can be repeated; a web application answers it with 503 or 504.
/// </summary>
public sealed class HybridStoreLoadTimeoutException : TimeoutException
{
    internal HybridStoreLoadTimeoutException(TimeSpan timeout)
        : base(
            $"The load did not end within HardLoadTimeout ({timeout:c}). PostgreSQL, or what the load waits for, is slow: repeat the read "
            + "later, or raise the time-out if callers can wait longer.")
    {
        Timeout = timeout;
    }

    /// <summary>How long the read has waited.</summary>
    public TimeSpan Timeout { get; }
}
