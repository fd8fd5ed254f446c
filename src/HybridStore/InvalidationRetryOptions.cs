namespace HybridStore;

/// <summary>How invalidations that Redis did not take are retried in the background.</summary>
public sealed class InvalidationRetryOptions
{
    /// <summary>How many keys and tags may wait: 1 to 10,000,000. Default: 100,000. When more come, they are forgotten one by one
    /// and the whole cache is emptied instead as soon as Redis is back; until then this process does not read from it.</summary>
    public int Capacity { get; set; } = 100_000;

    /// <summary>The pause before the first retry, doubled after each failure: 1 ms to 1 minute. Default: 100 ms.</summary>
    public TimeSpan InitialDelay { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest pause: at least <see cref="InitialDelay"/>, at most 10 minutes. Default: 5 s.</summary>
    public TimeSpan MaximumDelay { get; set; } = TimeSpan.FromSeconds(5);

    internal IEnumerable<string> Validate()
    {
        if (Capacity is < 1 or > 10_000_000)
        {
            yield return "InvalidationRetry.Capacity must be from 1 to 10,000,000; the default is 100,000.";
        }

        if (InitialDelay < TimeSpan.FromMilliseconds(1) || InitialDelay > TimeSpan.FromMinutes(1))
        {
            yield return "InvalidationRetry.InitialDelay must be from 1 ms to 1 minute; the default is 00:00:00.1.";
        }

        if (MaximumDelay < InitialDelay || MaximumDelay > TimeSpan.FromMinutes(10))
        {
            yield return "InvalidationRetry.MaximumDelay must be from InitialDelay to 10 minutes; the default is 00:00:05.";
        }
    }
}
