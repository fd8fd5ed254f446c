using HybridStore.Resilience;
using Polly.Timeout;
using StackExchange.Redis;

namespace HybridStore.Realtime.Redis;

/// <summary>Nobody waits for two time-outs: whoever has waited for as long as a call may take, or for one that was not answered in time, is not
/// sent.</summary>
internal sealed class WaitLimit<T>(RedisLink link, TimeProvider timeProvider) : IWaitLimit<RedisCallResult<T>>
{
    private static readonly TimeoutException WaitedTooLong =
        new("The call waited for an earlier one to Redis for as long as a call may take.");

    public long Now => timeProvider.GetTimestamp();

    public bool IsUnanswered(RedisCallResult<T> ended) => ended.Error is TimeoutRejectedException or RedisTimeoutException;

    public bool IsOver(long since, bool isBehindUnanswered, out RedisCallResult<T> answer)
    {
        answer = isBehindUnanswered ? RedisCallResult<T>.Refused : RedisCallResult<T>.Failed(WaitedTooLong);
        return isBehindUnanswered || timeProvider.GetElapsedTime(since) >= link.Timeout;
    }
}
