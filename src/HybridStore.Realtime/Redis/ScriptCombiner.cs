using HybridStore.Redis;
using HybridStore.Resilience;
using Polly.Timeout;
using StackExchange.Redis;

namespace HybridStore.Realtime.Redis;

/// <summary>The calls of one script that takes any number of items, each with its keys and arguments: on a single server those of many callers travel
/// together (<see cref="CallCombiner{TLane, TItem, TAnswer}"/>), on a cluster each goes by itself to where its keys live. Safe to use from any
/// thread.</summary>
/// <remarks>
/// <para>The script is given the keys of its items one behind the other in KEYS, equally many for each, and in ARGV first what is the same for all
/// and then the arguments of each, likewise; it returns an answer for each item. What concerns one must not fail the others: the script does not raise an error that comes of what it finds
/// there, but answers with the status ERROR, a space and its text, and that item alone has failed.</para>
/// <para>A call that fails fails its own items only. Who has waited for as long as a call may take, or for one that was not answered in time, is
/// not sent: nobody waits for two time-outs.</para>
/// </remarks>
internal sealed class ScriptCombiner
{
    private const int ItemsPerCall = 64;
    private const int MostUnderWay = 2;

    // The client understands no error within an answer.
    private const string ErrorPrefix = "ERROR ";

    private static readonly TimeoutException WaitedTooLong =
        new("The call waited for an earlier one to Redis for as long as a call may take.");

    private readonly RedisLink _link;
    private readonly RealtimeOperation _operation;
    private readonly RedisScript _script;
    private readonly RedisValue[] _shared;
    private readonly TimeProvider _timeProvider;
    private readonly CallCombiner<int, Item, RedisCallResult<RedisResult>> _calls;
    private long _silentUntil = long.MinValue;

    /// <param name="link">The way to Redis.</param>
    /// <param name="operation">What for.</param>
    /// <param name="script">The script.</param>
    /// <param name="shared">The arguments that are the same for all items.</param>
    /// <param name="timeProvider">Measures waits.</param>
    public ScriptCombiner(
        RedisLink link, RealtimeOperation operation, RedisScript script, RedisValue[] shared, TimeProvider timeProvider)
    {
        (_link, _operation, _script, _shared, _timeProvider) = (link, operation, script, shared, timeProvider);
        _calls = new CallCombiner<int, Item, RedisCallResult<RedisResult>>((_, items) => SendAsync(items), ItemsPerCall, MostUnderWay);
    }

    /// <summary>What the script answers for an item. Throws only when the caller cancels.</summary>
    public ValueTask<RedisCallResult<RedisResult>> EvaluateAsync(RedisKey[] keys, RedisValue[] arguments, CancellationToken cancellationToken)
    {
        if (_link.Session is not { IsCluster: false })
        {
            return SendOneAsync(keys, arguments, cancellationToken);
        }

        return new ValueTask<RedisCallResult<RedisResult>>(
            _calls.MakeAsync(0, new Item(keys, arguments, _timeProvider.GetTimestamp()), cancellationToken));
    }

    private async ValueTask<RedisCallResult<RedisResult>> SendOneAsync(
        RedisKey[] keys, RedisValue[] arguments, CancellationToken cancellationToken) =>
        AnswerTo(await _link.EvaluateAsync(_operation, _script, keys, [.. _shared, .. arguments], cancellationToken).ConfigureAwait(false), 0);

    private async Task<IReadOnlyList<RedisCallResult<RedisResult>>> SendAsync(IReadOnlyList<Item> items)
    {
        var answers = new RedisCallResult<RedisResult>[items.Count];
        var due = new List<int>(items.Count);
        for (var index = 0; index < items.Count; index++)
        {
            if (items[index].Since < Volatile.Read(ref _silentUntil))
            {
                answers[index] = RedisCallResult<RedisResult>.Refused;
            }
            else if (_timeProvider.GetElapsedTime(items[index].Since) >= _link.Timeout)
            {
                answers[index] = RedisCallResult<RedisResult>.Failed(WaitedTooLong);
            }
            else
            {
                due.Add(index);
            }
        }

        if (due.Count > 0)
        {
            var (keys, arguments) = Together(items, due);
            var answered = await _link.EvaluateAsync(_operation, _script, keys, arguments, CancellationToken.None).ConfigureAwait(false);
            if (answered.Error is TimeoutException or TimeoutRejectedException)
            {
                Volatile.Write(ref _silentUntil, _timeProvider.GetTimestamp());
            }

            for (var place = 0; place < due.Count; place++)
            {
                answers[due[place]] = AnswerTo(answered, place);
            }
        }

        return answers;
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

    private (RedisKey[] Keys, RedisValue[] Arguments) Together(IReadOnlyList<Item> items, List<int> due)
    {
        var (keysOfEach, argumentsOfEach) = (items[0].Keys.Length, items[0].Arguments.Length);
        var keys = new RedisKey[due.Count * keysOfEach];
        var arguments = new RedisValue[_shared.Length + (due.Count * argumentsOfEach)];
        _shared.CopyTo(arguments, 0);
        for (var place = 0; place < due.Count; place++)
        {
            items[due[place]].Keys.CopyTo(keys, place * keysOfEach);
            items[due[place]].Arguments.CopyTo(arguments, _shared.Length + (place * argumentsOfEach));
        }

        return (keys, arguments);
    }

    /// <param name="Keys">Its keys.</param>
    /// <param name="Arguments">Its arguments.</param>
    /// <param name="Since">When it came.</param>
    private readonly record struct Item(RedisKey[] Keys, RedisValue[] Arguments, long Since);
}
