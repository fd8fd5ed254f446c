using System.Runtime.CompilerServices;
using Polly;
using Polly.CircuitBreaker;

namespace HybridStore.Resilience;

/// <summary>
/// Bounds every call to one Redis endpoint by the time-out, and stops calling while Redis does not serve: so many
/// failures in a row within the window open the circuit, and after the break one probe decides.
/// </summary>
/// <remarks>
/// Polly holds the circuit: it opens it, measures the break, admits the probe and judges it. Deciding *when* to open stays
/// outside its strategy, for three reasons. Its rule is a ratio over at least two calls, never "one failure". Its predicate
/// is asked about probes too, so that one which counts calls a failed probe a success. And every call that has passed through
/// it has a say at its end: a straggler from before the break would close or re-open a half-open circuit. Hence calls of
/// a closed circuit do not pass through it and their verdicts are counted here. The time-out is .NET's own for tasks: Polly's
/// does the same by way of a token for each call, for 200 bytes more.
/// </remarks>
internal sealed class RedisCircuitBreaker
{
    // Shorter is no wait for a network, longer no bound.
    private static readonly TimeSpan MinimumTimeout = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan MaximumTimeout = TimeSpan.FromDays(1);

    // Polly accepts no smaller number: a circuit opens at its second reported failure.
    private const int ReportsToOpen = 2;

    private readonly Lock _lock = new();
    private readonly TimeSpan _timeout;
    private readonly TimeProvider _timeProvider;
    private readonly TimeSpan _breakDuration;
    private readonly MonotonicTimeProvider _clock;
    private readonly Action<CircuitTransition>? _onTransition;
    private readonly CircuitBreakerStateProvider _polly = new();
    private readonly ResiliencePipeline _breakerPipeline;
    private readonly ConsecutiveFailures _failures;
    // What calls go by: Polly's state, published without its lock.
    private volatile CircuitState _state = CircuitState.Closed;
    private long _breakEndsAt;

    /// <param name="options">The rule. It is read once, here.</param>
    /// <param name="timeout">What bounds each call: from 10 milliseconds to 1 day.</param>
    /// <param name="timeProvider">The clock.</param>
    /// <param name="onTransition">
    /// Told of each change of state, in order and before the change admits or turns away calls: when it hears that the circuit
    /// closes, no guarded call has been let through yet. It must be quick, and must not throw.
    /// </param>
    public RedisCircuitBreaker(
        CircuitBreakerOptions options,
        TimeSpan timeout,
        TimeProvider timeProvider,
        Action<CircuitTransition>? onTransition = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(timeProvider);
        if (options.Validate().FirstOrDefault() is { } error)
        {
            throw new ArgumentException(error, nameof(options));
        }

        if (timeout < MinimumTimeout || timeout > MaximumTimeout)
        {
            throw new ArgumentOutOfRangeException(
                nameof(timeout),
                $"The Redis time-out must be from {MinimumTimeout:c} to {MaximumTimeout:c}, but is {timeout:c}. "
                + "Set it to the longest wait for one answer of Redis (the default is 00:00:00.2000000).");
        }

        (_timeout, _timeProvider) = (timeout, timeProvider);
        _breakDuration = options.BreakDuration;
        _clock = new MonotonicTimeProvider(timeProvider);
        _onTransition = onTransition;
        _failures = new ConsecutiveFailures(options.FailureThreshold, options.FailureWindow);
        _breakerPipeline = new ResiliencePipelineBuilder { TimeProvider = _clock }
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions
            {
                FailureRatio = 0,
                MinimumThroughput = ReportsToOpen,
                // Only the reports that open the circuit pass here: however slowly they follow each other, both count.
                SamplingDuration = TimeSpan.FromDays(1),
                BreakDuration = _breakDuration,
                StateProvider = _polly,
                // A probe that proves nothing must not close the circuit.
                ShouldHandle = static arguments => new ValueTask<bool>(
                    arguments.Outcome.Exception is { } failure
                    && RedisFailureClassifier.Classify(failure) != RedisCallVerdict.Answered),
            })
            .Build();
    }

    /// <summary>
    /// The state that Polly holds, for reports; calls go by <see cref="IsOpen"/>, which takes no lock. A circuit whose break is
    /// over stays open until a call probes it.
    /// </summary>
    public CircuitState State => _polly.CircuitState;

    /// <summary>
    /// True while a guarded call would be refused: during the break, and while a probe is in flight. False once the break is
    /// over, so that a caller comes and probes.
    /// </summary>
    public bool IsOpen => _state switch
    {
        CircuitState.Closed => false,
        CircuitState.Open => _clock.GetUtcNow().UtcTicks < Volatile.Read(ref _breakEndsAt),
        _ => true,
    };

    /// <summary>Whether guarded calls are simply made. It takes no lock.</summary>
    public bool IsClosed => _state == CircuitState.Closed;

    /// <summary>Whether the latest call that has ended was not answered. Whoever can do without an answer then leaves it to one caller at a time
    /// to find out: otherwise everybody waits for as many time-outs as open the circuit.</summary>
    public bool IsSuspect => !_failures.IsEmpty && _failures.IsRecent(_clock.GetUtcNow());

    /// <summary>
    /// Makes a call unless the circuit is open. Throws only when the caller cancels; the call then runs on, within the
    /// time-out, and still counts.
    /// </summary>
    public ValueTask<RedisCallResult<TResult>> ExecuteAsync<TState, TResult>(
        Func<TState, Task<TResult>> call,
        TState state,
        CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<RedisCallResult<TResult>>(cancellationToken);
        }

        if (_state == CircuitState.Closed)
        {
            return RunAsync(call, state, cancellationToken);
        }

        return TryBecomeProbe()
            ? WaitAsync(new ValueTask<RedisCallResult<TResult>>(ProbeAsync(call, state)), cancellationToken)
            : new ValueTask<RedisCallResult<TResult>>(RedisCallResult<TResult>.Refused);
    }

    /// <summary>
    /// Makes a call whatever the state, for those who queue and try again by themselves. It is bounded and, while the circuit is
    /// closed, counted like any other; otherwise it neither probes nor changes anything. Never refused.
    /// </summary>
    public ValueTask<RedisCallResult<TResult>> ExecuteBypassingAsync<TState, TResult>(
        Func<TState, Task<TResult>> call,
        TState state,
        CancellationToken cancellationToken) =>
        cancellationToken.IsCancellationRequested
            ? ValueTask.FromCanceled<RedisCallResult<TResult>>(cancellationToken)
            : RunAsync(call, state, cancellationToken);

    private ValueTask<RedisCallResult<TResult>> RunAsync<TState, TResult>(
        Func<TState, Task<TResult>> call,
        TState state,
        CancellationToken cancellationToken)
    {
        var epoch = _failures.Epoch;
        var task = BoundedCall.Start(call, state);
        if (BoundedCall.TryGetAnswer(task, out var answer))
        {
            CountAnswer();
            return new ValueTask<RedisCallResult<TResult>>(RedisCallResult<TResult>.Ok(answer));
        }

        return WaitAsync(CompleteAsync(task, epoch), cancellationToken);
    }

    /// <summary>Leaves the call running when its caller goes.</summary>
    private static ValueTask<RedisCallResult<TResult>> WaitAsync<TResult>(
        ValueTask<RedisCallResult<TResult>> result,
        CancellationToken cancellationToken) =>
        cancellationToken.CanBeCanceled ? new(result.AsTask().WaitAsync(cancellationToken)) : result;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<RedisCallResult<TResult>> CompleteAsync<TResult>(Task<TResult> task, long epoch)
    {
        await BoundedCall.WaitAsync(task, _timeout, _timeProvider);
        if (BoundedCall.TryGetAnswer(task, out var answer))
        {
            CountAnswer();
            return RedisCallResult<TResult>.Ok(answer);
        }

        var failure = BoundedCall.FailureOf(task, _timeout);
        switch (RedisFailureClassifier.Classify(failure))
        {
            case RedisCallVerdict.Answered:
                CountAnswer();
                break;
            case RedisCallVerdict.Unavailable when CompletesTheRow(epoch):
                await OpenAsync(failure).ConfigureAwait(false);
                break;
        }

        return RedisCallResult<TResult>.Failed(failure);
    }

    private void CountAnswer()
    {
        // Nearly every call ends here: no lock, no write, unless there is something to forget.
        if (_failures.IsEmpty)
        {
            return;
        }

        lock (_lock)
        {
            _failures.Clear();
        }
    }

    /// <summary>True for the one failure that opens the circuit; calls are refused from here on.</summary>
    private bool CompletesTheRow(long epoch)
    {
        lock (_lock)
        {
            if (_state != CircuitState.Closed || !_failures.Record(epoch, _clock.GetUtcNow()))
            {
                return false;
            }

            // No probe before Polly knows of the break.
            Volatile.Write(ref _breakEndsAt, long.MaxValue);
            _state = CircuitState.Open;
            return true;
        }
    }

    private async Task OpenAsync(Exception failure)
    {
        for (var report = 0; report < ReportsToOpen; report++)
        {
            await BoundedCall.ReportAsync(_breakerPipeline, failure).ConfigureAwait(false);
        }

        BeginBreak(CircuitState.Closed, failure);
    }

    private bool TryBecomeProbe()
    {
        if (IsOpen)
        {
            return false;
        }

        lock (_lock)
        {
            // Closed by now: whoever came while the circuit was half-open is refused all the same, and the next is not.
            if (_state != CircuitState.Open || IsOpen)
            {
                return false;
            }

            _state = CircuitState.HalfOpen;
            return true;
        }
    }

    private async Task<RedisCallResult<TResult>> ProbeAsync<TState, TResult>(Func<TState, Task<TResult>> call, TState state)
    {
        Exception? failure = null;
        try
        {
            _onTransition?.Invoke(new CircuitTransition(CircuitState.Open, CircuitState.HalfOpen, Cause: null));
            var outcome = await BoundedCall.ExecuteAsync(_breakerPipeline, call, state, _timeout, _timeProvider).ConfigureAwait(false);
            failure = outcome.Exception;
            return failure is null
                ? RedisCallResult<TResult>.Ok(outcome.Result!)
                : RedisCallResult<TResult>.Failed(failure);
        }
        finally
        {
            if (_polly.CircuitState == CircuitState.Closed)
            {
                Close();
            }
            else
            {
                BeginBreak(CircuitState.HalfOpen, failure);
            }
        }
    }

    private void BeginBreak(CircuitState from, Exception? cause)
    {
        // Read after Polly has begun its break, on the same clock: when this one is over, Polly's is.
        var breakEndsAt = (_clock.GetUtcNow() + _breakDuration).UtcTicks;
        try
        {
            _onTransition?.Invoke(new CircuitTransition(from, CircuitState.Open, cause));
        }
        finally
        {
            Volatile.Write(ref _breakEndsAt, breakEndsAt);
            _state = CircuitState.Open;
        }
    }

    private void Close()
    {
        try
        {
            _onTransition?.Invoke(new CircuitTransition(CircuitState.HalfOpen, CircuitState.Closed, Cause: null));
        }
        finally
        {
            lock (_lock)
            {
                _failures.StartOver();
                _state = CircuitState.Closed;
            }
        }
    }
}
