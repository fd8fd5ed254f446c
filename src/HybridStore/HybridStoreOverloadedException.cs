namespace HybridStore;

/// <summary>
/// A read was turned away before it reached PostgreSQL: as many loads as <see cref="LoadLimiterOptions"/> allows were running, and its own
/// found no place to wait or waited too long. Nothing was read, so it can be repeated, best after a pause; a web application answers it with
/// 503 and <c>Retry-After</c>.
/// </summary>
public sealed class HybridStoreOverloadedException : Exception
{
    internal HybridStoreOverloadedException(int limit, TimeSpan waited, bool queueWasFull)
        : base(
            $"{limit} loads were running, which is all that LoadLimiter.MaxConcurrentLoads allows, and "
            + (queueWasFull
                ? "as many as LoadLimiter.MaxQueuedLoads were waiting. "
                : $"this one waited for LoadLimiter.MaxWait ({waited:c}). ")
            + "PostgreSQL gets more loads than it can take while Redis does not answer them: repeat the read later, or raise the limit if the "
            + "pool and the server can bear it.")
    {
        (MaxConcurrentLoads, Waited) = (limit, waited);
    }

    /// <summary>How many loads were allowed to run at once.</summary>
    public int MaxConcurrentLoads { get; }

    /// <summary>How long the load had waited: zero where too many were waiting already.</summary>
    public TimeSpan Waited { get; }
}
