using HybridStore.Redis;
using HybridStore.Resilience;
using StackExchange.Redis;

namespace HybridStore.Realtime.Redis;

/// <summary>The calls of one script that takes any number of items, each with its keys and arguments: on a single server those of many callers travel
/// together (<see cref="CallCombiner{TLane, TItem, TAnswer}"/>), on a cluster each goes by itself to where its keys live. Safe to use from any
/// thread.</summary>
/// <remarks>
/// <para>The script is given the keys of its items one behind the other in KEYS, equally many for each, and in ARGV first what is the same for all
/// and then the arguments of each, likewise; it returns an answer for each item. What concerns one must not fail the others: the script does not
/// raise an error that comes of what it finds there, but answers with the status ERROR, a space and its text, and that item alone has failed.</para>
/// <para>A call that fails fails its own items only, and nobody waits for two time-outs (<see cref="WaitLimit{T}"/>).</para>
/// </remarks>
internal sealed class ScriptCombiner
{
    private const int ItemsPerCall = 64;
    private const int MostUnderWay = 2;

    // The client understands no error within an answer.
    private const string ErrorPrefix = "ERROR ";

    private readonly RedisLink _link;
    private readonly RealtimeOperation _operation;
    private readonly RedisScript _script;
    private readonly RedisValue[] _shared;
    private readonly CallCombiner<int, Item, RedisCallResult<RedisResult>> _calls;

    /// <param name="link">The way to Redis.</param>
    /// <param name="operation">What for.</param>
    /// <param name="script">The script.</param>
    /// <param name="shared">The arguments that are the same for all items.</param>
    /// <param name="timeProvider">Measures waits.</param>
    public ScriptCombiner(
        RedisLink link, RealtimeOperation operation, RedisScript script, RedisValue[] shared, TimeProvider timeProvider)
    {
        (_link, _operation, _script, _shared) = (link, operation, script, shared);
        _calls = new CallCombiner<int, Item, RedisCallResult<RedisResult>>(
            (_, items) => SendAsync(items), ItemsPerCall, MostUnderWay, new WaitLimit<RedisResult>(link, timeProvider));
    }

    /// <summary>What the script answers for an item. Throws only when the caller cancels.</summary>
    public ValueTask<RedisCallResult<RedisResult>> EvaluateAsync(RedisKey[] keys, RedisValue[] arguments, CancellationToken cancellationToken)
    {
        if (_link.Session is not { IsCluster: false })
        {
            return SendOneAsync(keys, arguments, cancellationToken);
        }

        return new ValueTask<RedisCallResult<RedisResult>>(
            _calls.MakeAsync(0, new Item(keys, arguments), cancellationToken));
    }

    private async ValueTask<RedisCallResult<RedisResult>> SendOneAsync(
        RedisKey[] keys, RedisValue[] arguments, CancellationToken cancellationToken) =>
        AnswerTo(await _link.EvaluateAsync(_operation, _script, keys, [.. _shared, .. arguments], cancellationToken).ConfigureAwait(false), 0);

    private async Task<IReadOnlyList<RedisCallResult<RedisResult>>> SendAsync(IReadOnlyList<Item> items)
    {
        var (keys, arguments) = Together(items);
        var answered = await _link.EvaluateAsync(_operation, _script, keys, arguments, CancellationToken.None).ConfigureAwait(false);
        var answers = new RedisCallResult<RedisResult>[items.Count];
        for (var index = 0; index < answers.Length; index++)
        {
            answers[index] = AnswerTo(answered, index);
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

    private (RedisKey[] Keys, RedisValue[] Arguments) Together(IReadOnlyList<Item> items)
    {
        var (keysOfEach, argumentsOfEach) = (items[0].Keys.Length, items[0].Arguments.Length);
        var keys = new RedisKey[items.Count * keysOfEach];
        var arguments = new RedisValue[_shared.Length + (items.Count * argumentsOfEach)];
        _shared.CopyTo(arguments, 0);
        for (var index = 0; index < items.Count; index++)
        {
            items[index].Keys.CopyTo(keys, index * keysOfEach);
            items[index].Arguments.CopyTo(arguments, _shared.Length + (index * argumentsOfEach));
        }

        return (keys, arguments);
    }

    private readonly record struct Item(RedisKey[] Keys, RedisValue[] Arguments);
}
