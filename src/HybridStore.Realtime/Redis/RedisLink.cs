using HybridStore.Keys;
using HybridStore.Realtime.Diagnostics;
using HybridStore.Redis;
using HybridStore.Resilience;
using StackExchange.Redis;

namespace HybridStore.Realtime.Redis;

/// <summary>The way of a service to its Redis: every call is bounded by the time-out, goes through the circuit breaker of its server, and is
/// measured and traced; trouble is an outcome and never an exception. Safe to use from any thread.</summary>
/// <remarks>On a single server there is one circuit, the store's own where the server is shared; on a cluster one for each 128 slots.</remarks>
internal sealed class RedisLink(
    RedisConnection connection,
    bool ownsConnection,
    HybridStoreOptions settings,
    string prefix,
    Action<CircuitTransition> onTransition,
    RealtimeMetrics metrics,
    TimeProvider timeProvider) : IAsyncDisposable
{
    private const int SlotsPerCircuit = 128;

    private readonly RedisCircuitBreaker?[] _ofSlots = new RedisCircuitBreaker?[HashSlot.Count / SlotsPerCircuit];

    /// <summary>What the names of a service without a prefix of its own begin with.</summary>
    public string Prefix { get; } = prefix;

    /// <summary>The longest wait for one answer.</summary>
    public TimeSpan Timeout => settings.RedisTimeout;

    /// <summary>Null until Redis has been reached once.</summary>
    public RedisSession? Session => connection.Session;

    /// <summary>Completes when Redis has been reached once.</summary>
    public Task Ready => connection.Ready;

    /// <summary>Raised when Redis was reached for the first time or again. Handlers must be quick and must not throw.</summary>
    public event Action? Restored
    {
        add => connection.Restored += value;
        remove => connection.Restored -= value;
    }

    public void Start() => connection.Start();

    /// <summary>Makes a call for a key. Throws only when the caller cancels.</summary>
    /// <param name="operation">What for.</param>
    /// <param name="key">A physical key; all others of the call are in its slot.</param>
    /// <param name="call">Sends it. Static, so that nothing is captured.</param>
    /// <param name="state">What it is given.</param>
    /// <param name="cancellationToken">Ends the caller's wait, not the call.</param>
    public ValueTask<RedisCallResult<TResult>> ExecuteAsync<TState, TResult>(
        RealtimeOperation operation,
        RedisKey key,
        Func<RedisSession, TState, Task<TResult>> call,
        TState state,
        CancellationToken cancellationToken)
    {
        if (connection.Session is not { } session)
        {
            return ExecuteOnceReadyAsync(operation, key, call, state, cancellationToken);
        }

        var beganAt = metrics.Begin();
        var span = metrics.StartSpan(operation);
        var calling = BreakerOf(session, key).ExecuteAsync(
            static target => target.call(target.session, target.state), (call, session, state), cancellationToken);
        return beganAt == 0 && span is null ? calling : metrics.MeasureAsync(operation, beganAt, span, calling);
    }

    /// <summary>Makes a call by the client's own blocking members, for interfaces that have no others: no task is waited for, and no thread of the
    /// pool is needed for the answer. The client's time-out for such calls bounds it, and the circuit hears how it ended.</summary>
    /// <param name="operation">What for.</param>
    /// <param name="key">As in <see cref="ExecuteAsync"/>.</param>
    /// <param name="call">Makes it.</param>
    /// <param name="state">What it is given.</param>
    public RedisCallResult<TResult> Execute<TState, TResult>(
        RealtimeOperation operation, RedisKey key, Func<RedisSession, TState, TResult> call, TState state)
    {
        if (connection.Session is not { } session)
        {
            connection.Start();
            return RedisCallResult<TResult>.Refused;
        }

        var breaker = BreakerOf(session, key);
        if (breaker.IsOpen)
        {
            return RedisCallResult<TResult>.Refused;
        }

        var beganAt = metrics.Begin();
        var span = metrics.StartSpan(operation);
        RedisCallResult<TResult> result;
        Task<TResult> ended;
        try
        {
            var answer = call(session, state);
            (result, ended) = (RedisCallResult<TResult>.Ok(answer), Task.FromResult(answer));
        }
        catch (Exception error) when (error is RedisException or TimeoutException or ObjectDisposedException)
        {
            (result, ended) = (RedisCallResult<TResult>.Failed(error), Task.FromException<TResult>(error));
        }

        _ = breaker.ExecuteAsync(static ended => ended, ended, CancellationToken.None).AsTask();
        metrics.End(operation, beganAt, span, result);
        return result;
    }

    /// <summary>Runs a script on the keys of one slot, as <see cref="Execute"/> does.</summary>
    public RedisCallResult<RedisResult> Evaluate(RealtimeOperation operation, RedisScript script, RedisKey[] keys, RedisValue[] arguments) =>
        Execute(
            operation,
            keys[0],
            static (session, call) => session.Database.ScriptEvaluate(
                session.TextOf(call.script), call.keys, call.arguments, CommandFlags.DemandMaster),
            (script, keys, arguments));

    /// <summary>Runs a script on the keys of one slot.</summary>
    public ValueTask<RedisCallResult<RedisResult>> EvaluateAsync(
        RealtimeOperation operation, RedisScript script, RedisKey[] keys, RedisValue[] arguments, CancellationToken cancellationToken) =>
        ExecuteAsync(
            operation,
            keys[0],
            static (session, call) => session.Database.ScriptEvaluateAsync(
                session.TextOf(call.script), call.keys, call.arguments, CommandFlags.DemandMaster),
            (script, keys, arguments),
            cancellationToken);

    public ValueTask DisposeAsync() => ownsConnection ? connection.DisposeAsync() : ValueTask.CompletedTask;

    /// <summary>An application's first request may come before Redis has been reached: it waits as long as for an answer.</summary>
    private async ValueTask<RedisCallResult<TResult>> ExecuteOnceReadyAsync<TState, TResult>(
        RealtimeOperation operation,
        RedisKey key,
        Func<RedisSession, TState, Task<TResult>> call,
        TState state,
        CancellationToken cancellationToken)
    {
        connection.Start();
        var ready = connection.Ready.WaitAsync(settings.RedisTimeout, timeProvider, cancellationToken);
        await ready.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        return connection.Session is null
            ? RedisCallResult<TResult>.Refused
            : await ExecuteAsync(operation, key, call, state, cancellationToken).ConfigureAwait(false);
    }

    private RedisCircuitBreaker BreakerOf(RedisSession session, RedisKey key)
    {
        if (!session.IsCluster)
        {
            return session.Breakers[0];
        }

        // A share of the slots has a circuit, since masters hold ranges of them: a dead master takes no more than a few keys of another along.
        var share = session.Multiplexer.GetHashSlot(key) / SlotsPerCircuit;
        return Volatile.Read(ref _ofSlots[share]) ?? Interlocked.CompareExchange(ref _ofSlots[share], NewBreaker(), null) ?? _ofSlots[share]!;
    }

    private RedisCircuitBreaker NewBreaker() => new(settings.CircuitBreaker, settings.RedisTimeout, timeProvider, onTransition);
}
