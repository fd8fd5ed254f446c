using System.Threading.RateLimiting;

namespace HybridStore.Realtime;

/// <summary>Rate limits that all processes of an application share, counted in Redis by its clock, as .NET's own
/// <see cref="RateLimiter"/>s. Registered by <c>AddRateLimits</c>. Safe to use from any thread.</summary>
/// <remarks>
/// <para>Use <see cref="RateLimiter.AcquireAsync"/>. <see cref="RateLimiter.AttemptAcquire"/> would have to block the thread, so it acquires
/// nothing and counts nothing; ASP.NET Core's middleware goes on with the asynchronous way by itself. Nobody is queued: who is refused gets
/// <see cref="MetadataName.RetryAfter"/>, and further names in <see cref="RateLimitMetadata"/>. More permits than the limit are refused with an
/// <see cref="ArgumentOutOfRangeException"/>; zero permits ask whether there is one, and take none. Permits are not given back when a lease is
/// disposed: they come back with time.</para>
/// <para>A limiter that was refused does not ask Redis again before a permit can be there: a flood costs no round trips.</para>
/// <para>While Redis is down, or does not answer within its time-out, <see cref="RateLimitsOptions.WhenRedisIsDown"/> holds. If Redis loses its
/// data, counting starts anew. A call that Redis has counted and not answered in time has taken its permits.</para>
/// </remarks>
public interface IRateLimits
{
    /// <summary>The limiter of one key under a policy. It is light and needs not be kept or disposed; one that is kept remembers when it was
    /// refused.</summary>
    /// <param name="policy">A policy that was added, or <see cref="RateLimitsOptions.DefaultPolicy"/>.</param>
    /// <param name="key">Who or what is limited, such as a user's id or an address. Not empty. Only a hash of one longer than 128 characters gets
    /// into Redis.</param>
    /// <exception cref="ArgumentException">There is no such policy, or the key is empty.</exception>
    RateLimiter For(string policy, string key);

    /// <summary>A limiter for all keys under a policy.</summary>
    /// <typeparam name="TResource">What is limited, such as a request.</typeparam>
    /// <param name="policy">A policy that was added, or <see cref="RateLimitsOptions.DefaultPolicy"/>.</param>
    /// <param name="key">The key of a resource, not empty.</param>
    /// <returns>The caller disposes it.</returns>
    /// <exception cref="ArgumentException">There is no such policy.</exception>
    PartitionedRateLimiter<TResource> Partitioned<TResource>(string policy, Func<TResource, string> key);

    /// <summary>A partition for ASP.NET Core's <c>AddPolicy</c> and for <see cref="PartitionedRateLimiter.Create"/>.</summary>
    /// <param name="policy">A policy that was added, or <see cref="RateLimitsOptions.DefaultPolicy"/>.</param>
    /// <param name="key">Who or what is limited. Not empty.</param>
    /// <exception cref="ArgumentException">There is no such policy, or the key is empty.</exception>
    RateLimitPartition<string> Partition(string policy, string key);
}
