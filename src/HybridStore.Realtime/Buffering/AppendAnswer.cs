using HybridStore.Resilience;
using StackExchange.Redis;

namespace HybridStore.Realtime.Buffering;

internal enum AppendAnswerKind
{
    /// <summary>Redis has it.</summary>
    Taken,

    /// <summary>Redis has not taken it, for want of room.</summary>
    Full,

    /// <summary>Redis has not taken it: it was not asked, or refused.</summary>
    NotSent,

    /// <summary>Redis may have taken it.</summary>
    Unanswered,
}

/// <summary>What is known after a call to Redis about what it has taken.</summary>
internal readonly record struct AppendAnswer(AppendAnswerKind Kind)
{
    private const string OutOfMemory = "OOM ";

    public long RowsInPartition { get; private init; }

    /// <summary>The number of the call before; -1 if Redis knows of none.</summary>
    public long LastBefore { get; private init; }

    public long RowsOfRoom { get; private init; }

    public long BytesOfRoom { get; private init; }

    public Exception? Error { get; private init; }

    public static AppendAnswer Of(in RedisCallResult<RedisResult> result)
    {
        if (!result.TryGetValue(out var value))
        {
            return result.Error is { } error ? Of(error) : new AppendAnswer(AppendAnswerKind.NotSent);
        }

        var parts = (RedisResult[])value!;
        return (string?)parts[0] == "full"
            ? new AppendAnswer(AppendAnswerKind.Full) { RowsOfRoom = (long)parts[1], BytesOfRoom = (long)parts[2] }
            : new AppendAnswer(AppendAnswerKind.Taken) { RowsInPartition = (long)parts[1], LastBefore = (long)parts[2] };
    }

    private static AppendAnswer Of(Exception error) => error switch
    {
        // An error of the script, or instead of it, comes before it has written anything.
        RedisServerException server when server.Message.StartsWith(OutOfMemory, StringComparison.Ordinal) =>
            new AppendAnswer(AppendAnswerKind.Full) { Error = error },
        RedisServerException => new AppendAnswer(AppendAnswerKind.NotSent) { Error = error },
        RedisConnectionException { CommandStatus: CommandStatus.WaitingToBeSent or CommandStatus.WaitingInBacklog } =>
            new AppendAnswer(AppendAnswerKind.NotSent) { Error = error },
        _ => new AppendAnswer(AppendAnswerKind.Unanswered) { Error = error },
    };
}
