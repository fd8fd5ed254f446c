using HybridStore.Resilience;

namespace HybridStore.Realtime.Redis;

/// <summary>For services that cannot do without an answer of Redis.</summary>
internal static class RequiredAnswers
{
    /// <exception cref="RealtimeUnavailableException">There was none.</exception>
    public static T OrThrow<T>(this RedisCallResult<T> result, string service) =>
        result.TryGetValue(out var answer) ? answer : throw Unavailable(result, service);

    /// <summary>As <see cref="OrThrow{T}"/>, for readers to whom what is of another type is not there.</summary>
    public static T? OrNothing<T>(this RedisCallResult<T> result, string service) =>
        IsOfWrongType(result) ? default : result.OrThrow(service);

    public static RealtimeUnavailableException Unavailable<T>(RedisCallResult<T> result, string service) => new(
        service,
        result.IsRefused
            ? "Redis has not answered lately, or was not reached yet, and is not asked at the moment. Try again later."
            : "Redis did not answer, or answered with an error, which is the cause of this exception. Try again later.",
        result.Error);

    /// <summary>Whether a key holds something of another type than the service keeps there.</summary>
    public static bool IsOfWrongType<T>(RedisCallResult<T> result) =>
        result.Error is StackExchange.Redis.RedisServerException error && error.Message.Contains("WRONGTYPE", StringComparison.Ordinal);
}
