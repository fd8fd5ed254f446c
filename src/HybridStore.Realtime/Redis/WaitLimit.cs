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

    // Behind one that was refused everybody would be, or would wait for Redis to be reached as that one has.
    public bool EndsWaits(RedisCallResult<T> answer) => answer.IsRefused || answer.Error is TimeoutRejectedException or RedisTimeoutException;

    public bool IsOver(long since, long now, bool isUseless, out RedisCallResult<T> answer)
    {
        answer = isUseless ? RedisCallResult<T>.Refused : RedisCallResult<T>.Failed(WaitedTooLong);
        return isUseless || timeProvider.GetElapsedTime(since, now) >= link.Timeout;
    }
}
