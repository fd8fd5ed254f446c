namespace HybridStore.Reading.Memo;

/// <summary>
/// Tells whether this process has invalidated a key since somebody looked. Keys share their counters: a false "yes" costs a read. Thread-safe,
/// without a lock.
/// </summary>
internal sealed class KeyVersions
{
    private const int Stripes = 1024;

    private readonly long[] _stripes = new long[Stripes];
    private long _all;

    /// <summary>Grows with each invalidation that may concern the key.</summary>
    public long Of(string key) => Volatile.Read(ref _all) + Volatile.Read(ref _stripes[StripeOf(key)]);

    /// <summary>To be called before an invalidation is applied, and after it: whoever looked before the one and reads after the other would
    /// not notice.</summary>
    public void Raise(IReadOnlyCollection<string> keys, IReadOnlyCollection<string> tags)
    {
        if (tags.Count > 0)
        {
            // Which keys a tag has, Redis knows.
            RaiseAll();
            return;
        }

        foreach (var key in keys)
        {
            Interlocked.Increment(ref _stripes[StripeOf(key)]);
        }
    }

    public void RaiseAll() => Interlocked.Increment(ref _all);

    private static uint StripeOf(string key) => (uint)key.GetHashCode(StringComparison.Ordinal) % Stripes;
}
