namespace HybridStore.Redis;

/// <summary>One claim to apply the journal to a partition. Redis counts the calls that are made under it, so that those which it has lost
/// again are missed.</summary>
/// <param name="token">What claim.lua has recorded.</param>
internal sealed class PartitionLeader(string token)
{
    private long _calls;

    public string Token { get; } = token;

    /// <summary>The calls that were answered.</summary>
    public long Calls => Interlocked.Read(ref _calls);

    public void Count() => Interlocked.Increment(ref _calls);
}
