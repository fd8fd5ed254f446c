using System.Diagnostics.CodeAnalysis;

namespace HybridStore.Resilience;

/// <summary>How a call to Redis ended.</summary>
internal enum RedisCallStatus
{
    /// <summary>The circuit is open: no call was made.</summary>
    Refused,

    /// <summary>The call was answered.</summary>
    Ok,

    /// <summary>The call was made and failed, or was not answered in time.</summary>
    Failed,
}

/// <summary>The outcome of one call to Redis. Trouble with Redis is a value here, since it must never fail a request.</summary>
internal readonly struct RedisCallResult<T>
{
    private readonly T? _value;

    private RedisCallResult(RedisCallStatus status, T? value, Exception? error)
    {
        Status = status;
        _value = value;
        Error = error;
    }

    public RedisCallStatus Status { get; }

    /// <summary>Why the call failed; null unless it did.</summary>
    public Exception? Error { get; }

    [MemberNotNullWhen(true, nameof(Error))]
    public bool IsFailed => Status == RedisCallStatus.Failed;

    public bool IsRefused => Status == RedisCallStatus.Refused;

    public static RedisCallResult<T> Refused => default;

    public static RedisCallResult<T> Ok(T value) => new(RedisCallStatus.Ok, value, null);

    public static RedisCallResult<T> Failed(Exception error) => new(RedisCallStatus.Failed, default, error);

    /// <summary>The same outcome of a call that was not answered, for one that depended on it.</summary>
    public RedisCallResult<TOther> WithoutValue<TOther>() =>
        Error is null ? RedisCallResult<TOther>.Refused : RedisCallResult<TOther>.Failed(Error);

    /// <summary>True, with the answer, if the call was answered.</summary>
    public bool TryGetValue([MaybeNullWhen(false)] out T value)
    {
        value = _value;
        return Status == RedisCallStatus.Ok;
    }
}
