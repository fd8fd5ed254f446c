using HybridStore.Fencing;
using StackExchange.Redis;

namespace HybridStore.Redis;

/// <summary>What <c>lease.lua</c> answered: a lease; an entry that was stored meanwhile; or neither, while somebody else holds the
/// lease.</summary>
/// <param name="Lease">The lease that was granted.</param>
/// <param name="Entry">The entry that is there.</param>
/// <param name="Fences">How many fences the guard of the key holds; 0 where there is an entry.</param>
internal readonly record struct LeaseAnswer(Lease? Lease, RedisValue Entry, int Fences = 0)
{
    /// <summary>Whether Redis has said so.</summary>
    public bool IsAnswered { get; init; }
}
