using HybridStore.Redis;
using HybridStore.Resilience;
using StackExchange.Redis;

namespace HybridStore.Realtime.Redis;

/// <summary>Commands of one kind, each with a key of its own: on a single server those of many callers leave together
/// (<see cref="CallCombiner{TLane, TItem, TAnswer}"/>), without waiting for each other's answers, and one wait is bounded and guarded for all; on a
/// cluster each goes by itself to where its key lives. Safe to use from any thread.</summary>
/// <remarks>A command that fails fails its own caller only, and nobody waits for two time-outs (<see cref="WaitLimit{T}"/>).</remarks>
/// <typeparam name="TItem">What a command is made of.</typeparam>
/// <typeparam name="TAnswer">Its answer.</typeparam>
internal sealed class CommandPipeline<TItem, TAnswer>
{
    private const int CommandsPerCall = 64;
    private const int MostUnderWay = 3;

    private readonly RedisLink _link;
    private readonly RealtimeOperation _operation;
    private readonly Func<TItem, RedisKey> _keyOf;
    private readonly Func<IDatabaseAsync, TItem, Task<TAnswer>> _send;
    private readonly CallCombiner<int, TItem, RedisCallResult<TAnswer>> _calls;

    /// <param name="link">The way to Redis.</param>
    /// <param name="operation">What for.</param>
    /// <param name="keyOf">The key of a command.</param>
    /// <param name="send">Sends one, which must not be a script: the client's batches do not load it again where the server has forgotten it.</param>
    /// <param name="timeProvider">Measures waits.</param>
    public CommandPipeline(
        RedisLink link,
        RealtimeOperation operation,
        Func<TItem, RedisKey> keyOf,
        Func<IDatabaseAsync, TItem, Task<TAnswer>> send,
        TimeProvider timeProvider)
    {
        (_link, _operation, _keyOf, _send) = (link, operation, keyOf, send);
        _calls = new CallCombiner<int, TItem, RedisCallResult<TAnswer>>(
            (_, items) => SendAsync(items), CommandsPerCall, MostUnderWay, new WaitLimit<TAnswer>(link, timeProvider));
    }

    /// <summary>What Redis answers. Throws only when the caller cancels.</summary>
    public ValueTask<RedisCallResult<TAnswer>> MakeAsync(TItem item, CancellationToken cancellationToken) =>
        _link.Session is { IsCluster: false }
            ? new ValueTask<RedisCallResult<TAnswer>>(_calls.MakeAsync(0, item, cancellationToken))
            : _link.ExecuteAsync(
                _operation,
                _keyOf(item),
                static (session, call) => call._send(session.Database, call.item),
                (_send, item),
                cancellationToken);

    private async Task<IReadOnlyList<RedisCallResult<TAnswer>>> SendAsync(IReadOnlyList<TItem> items)
    {
        var commands = new Task<TAnswer>[items.Count];
        var ended = await _link.ExecuteAsync(
            _operation,
            _keyOf(items[0]),
            static (session, call) => call.This.SendAsync(session, call.items, call.commands),
            (This: this, items, commands),
            CancellationToken.None).ConfigureAwait(false);
        var answers = new RedisCallResult<TAnswer>[items.Count];
        for (var index = 0; index < answers.Length; index++)
        {
            answers[index] = commands[index] switch
            {
                { IsCompletedSuccessfully: true } answered => RedisCallResult<TAnswer>.Ok(await answered.ConfigureAwait(false)),
                { IsFaulted: true } failed => RedisCallResult<TAnswer>.Failed(failed.Exception.InnerException!),
                { IsCanceled: true } cancelled => RedisCallResult<TAnswer>.Failed(new TaskCanceledException(cancelled)),
                _ => ended.WithoutValue<TAnswer>(),
            };
        }

        return answers;
    }

    /// <summary>Ends when all commands have. To the circuit it is one call: answered where one of its commands was, if only by an error.</summary>
    private async Task<bool> SendAsync(RedisSession session, IReadOnlyList<TItem> items, Task<TAnswer>[] commands)
    {
        // A batch hands them to the client in one go.
        var batch = commands.Length == 1 ? null : session.Database.CreateBatch();
        for (var index = 0; index < commands.Length; index++)
        {
            commands[index] = _send((IDatabaseAsync?)batch ?? session.Database, items[index]);
        }

        Task all = Task.WhenAll(commands);
        try
        {
            batch?.Execute();
        }
        catch
        {
            BoundedCall.Abandon(all);
            throw;
        }

        await all.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!Array.Exists(commands, static command => command.IsCompletedSuccessfully))
        {
            var failed = Array.Find(commands, static command => command.Exception?.InnerException is RedisServerException)
                ?? Array.Find(commands, static command => command.IsFaulted);
            await (failed ?? commands[0]).ConfigureAwait(false);
        }

        return true;
    }
}
