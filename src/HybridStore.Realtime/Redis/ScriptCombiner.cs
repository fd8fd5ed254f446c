using HybridStore.Redis;
using HybridStore.Resilience;
using Polly.Timeout;
using StackExchange.Redis;

namespace HybridStore.Realtime.Redis;

/// <summary>
/// The calls of one script that takes any number of items, each with its keys and arguments. One that finds less than two under way is sent at once; those
/// that come meanwhile leave together when one is answered: nothing waits while Redis is idle, and the busier it gets the fewer and larger its
/// calls become. Safe to use from any thread.
/// </summary>
/// <remarks>
/// <para>The script is given the keys of its items one behind the other in KEYS, equally many for each, and their arguments in ARGV likewise; it
/// returns an answer for each item. What concerns one must not fail the others: the script does not raise an error that comes of what it finds
/// there, but answers with the status ERROR, a space and its text, and that item alone has failed.</para>
/// <para>On a cluster each item goes by itself to where its keys live. A call that fails fails its own items only. Who has waited for as long as a call
/// may take, or for one that was not answered in time, is not sent: nobody waits for two time-outs.</para>
/// </remarks>
internal sealed class ScriptCombiner(RedisLink link, RealtimeOperation operation, RedisScript script, TimeProvider timeProvider)
{
    // Larger calls gain nothing more and would hold Redis up for others.
    private const int ItemsPerCall = 64;

    // While Redis works on one, the answers of the other are handed out.
    private const int MostUnderWay = 2;

    // The client understands no error within an answer.
    private const string ErrorPrefix = "ERROR ";

    private static readonly TimeoutException WaitedTooLong =
        new("The call waited for an earlier one to Redis for as long as a call may take.");

    private readonly Lock _lock = new();
    private readonly Queue<PendingCall> _waiting = new();
    private int _underWay;

    /// <summary>What the script answers for an item. Throws only when the caller cancels.</summary>
    public ValueTask<RedisCallResult<RedisResult>> EvaluateAsync(RedisKey[] keys, RedisValue[] arguments, CancellationToken cancellationToken)
    {
        if (link.Session is not { IsCluster: false })
        {
            return SendOneAsync(keys, arguments, cancellationToken);
        }

        PendingCall? pending = null;
        lock (_lock)
        {
            if (_underWay < MostUnderWay)
            {
                _underWay++;
            }
            else
            {
                pending = new PendingCall(keys, arguments, timeProvider.GetTimestamp());
                _waiting.Enqueue(pending);
            }
        }

        return pending is null
            ? SendFirstAsync(keys, arguments, cancellationToken)
            : new ValueTask<RedisCallResult<RedisResult>>(pending.Task.WaitAsync(cancellationToken));
    }

    private async ValueTask<RedisCallResult<RedisResult>> SendOneAsync(RedisKey[] keys, RedisValue[] arguments, CancellationToken cancellationToken)
    {
        var answered = await link.EvaluateAsync(operation, script, keys, arguments, cancellationToken).ConfigureAwait(false);
        return AnswerTo(answered, 0);
    }

    private async ValueTask<RedisCallResult<RedisResult>> SendFirstAsync(
        RedisKey[] keys, RedisValue[] arguments, CancellationToken cancellationToken)
    {
        var answered = RedisCallResult<RedisResult>.Refused;
        try
        {
            return answered = await SendOneAsync(keys, arguments, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            // The next call leaves before this caller goes on.
            if (Take(IsTimeout(answered.Error)) is { Count: > 0 } next)
            {
                _ = SendAllAsync(next);
            }
        }
    }

    /// <summary>Sends what waits, one call after the other, until nothing does. Never throws.</summary>
    private async Task SendAllAsync(List<PendingCall> calls)
    {
        while (calls.Count > 0)
        {
            var (keys, arguments) = Together(calls);
            var answered = await link.EvaluateAsync(operation, script, keys, arguments, CancellationToken.None).ConfigureAwait(false);
            for (var index = 0; index < calls.Count; index++)
            {
                calls[index].TrySetResult(AnswerTo(answered, index));
            }

            calls = Take(IsTimeout(answered.Error));
        }
    }

    private static RedisCallResult<RedisResult> AnswerTo(RedisCallResult<RedisResult> answered, int index)
    {
        if (!answered.TryGetValue(out var answers))
        {
            return answered;
        }

        var answer = answers[index];
        return answer.Resp2Type == ResultType.SimpleString
            && (string)answer! is var status
            && status.StartsWith(ErrorPrefix, StringComparison.Ordinal)
            ? RedisCallResult<RedisResult>.Failed(
                new RedisServerException(RedisErrorKind.Unknown, CommandFlags.DemandMaster, status[ErrorPrefix.Length..]))
            : RedisCallResult<RedisResult>.Ok(answer);
    }

    private static (RedisKey[] Keys, RedisValue[] Arguments) Together(List<PendingCall> calls)
    {
        var (keysOfEach, argumentsOfEach) = (calls[0].Keys.Length, calls[0].Arguments.Length);
        var keys = new RedisKey[calls.Count * keysOfEach];
        var arguments = new RedisValue[calls.Count * argumentsOfEach];
        for (var index = 0; index < calls.Count; index++)
        {
            calls[index].Keys.CopyTo(keys, index * keysOfEach);
            calls[index].Arguments.CopyTo(arguments, index * argumentsOfEach);
        }

        return (keys, arguments);
    }

    /// <summary>The next call; none, and one less under way, if nothing waits.</summary>
    /// <param name="hasTimedOut">Whether the call before was not answered in time.</param>
    private List<PendingCall> Take(bool hasTimedOut)
    {
        var next = new List<PendingCall>();
        var overdue = new List<PendingCall>();
        lock (_lock)
        {
            while (next.Count < ItemsPerCall && _waiting.TryDequeue(out var call))
            {
                (hasTimedOut || timeProvider.GetElapsedTime(call.WaitingSince) >= link.Timeout ? overdue : next).Add(call);
            }

            if (next.Count == 0)
            {
                _underWay--;
            }
        }

        foreach (var call in overdue)
        {
            call.TrySetResult(hasTimedOut ? RedisCallResult<RedisResult>.Refused : RedisCallResult<RedisResult>.Failed(WaitedTooLong));
        }

        return next;
    }

    private static bool IsTimeout(Exception? error) => error is TimeoutException or TimeoutRejectedException;

    private sealed class PendingCall(RedisKey[] keys, RedisValue[] arguments, long waitingSince)
        : TaskCompletionSource<RedisCallResult<RedisResult>>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public RedisKey[] Keys { get; } = keys;

        public RedisValue[] Arguments { get; } = arguments;

        public long WaitingSince { get; } = waitingSince;
    }
}
