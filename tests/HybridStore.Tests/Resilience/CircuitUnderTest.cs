using HybridStore.Resilience;
using Microsoft.Extensions.Time.Testing;
using Polly.CircuitBreaker;
using StackExchange.Redis;

namespace HybridStore.Tests.Resilience;

/// <summary>A circuit breaker on a fake clock, with the calls that tests make through it.</summary>
internal sealed class CircuitUnderTest
{
    public static readonly TimeSpan Timeout = TimeSpan.FromMilliseconds(200);
    public static readonly TimeSpan BreakDuration = TimeSpan.FromSeconds(30);

    private readonly List<CircuitTransition> _transitions = [];

    public CircuitUnderTest(CircuitBreakerOptions? options = null, TimeSpan? timeout = null, FakeTimeProvider? time = null)
    {
        Time = time ?? new FakeTimeProvider();
        Breaker = new RedisCircuitBreaker(options ?? new CircuitBreakerOptions(), timeout ?? Timeout, Time, Record);
    }

    public FakeTimeProvider Time { get; }

    public RedisCircuitBreaker Breaker { get; }

    public IEnumerable<(CircuitState From, CircuitState To)> Transitions
    {
        get
        {
            lock (_transitions)
            {
                return [.. _transitions.Select(transition => (transition.From, transition.To))];
            }
        }
    }

    public CircuitTransition LastTransition => _transitions[^1];

    public static RedisConnectionException Dropped() =>
        new(ConnectionFailureType.SocketClosed, CommandFlags.None, "dropped", innerException: null, CommandStatus.Sent);

    public ValueTask<RedisCallResult<int>> Call(Task<int> answer, CancellationToken? cancellationToken = null) =>
        Breaker.ExecuteAsync(static task => task, answer, cancellationToken ?? TestContext.Current.CancellationToken);

    public ValueTask<RedisCallResult<int>> CallBypassing(Task<int> answer) =>
        Breaker.ExecuteBypassingAsync(static task => task, answer, TestContext.Current.CancellationToken);

    public async Task Fail(Exception? failure = null)
    {
        failure ??= Dropped();
        var result = await Call(Task.FromException<int>(failure));
        Assert.Equal(RedisCallStatus.Failed, result.Status);
        Assert.Same(failure, result.Error);
    }

    public async Task Succeed()
    {
        var result = await Call(Task.FromResult(42));
        Assert.True(result.TryGetValue(out var value));
        Assert.Equal(42, value);
    }

    /// <summary>Asks for a call; it must be refused, and not made.</summary>
    public async Task AssertRefused()
    {
        var made = 0;
        var result = await Breaker.ExecuteAsync(
            _ => Task.FromResult(Interlocked.Increment(ref made)), 0, TestContext.Current.CancellationToken);
        Assert.True(result.IsRefused);
        Assert.False(result.TryGetValue(out _));
        Assert.Equal(0, made);
    }

    public async Task Open()
    {
        while (!Breaker.IsOpen)
        {
            await Fail();
        }

        Assert.Equal(CircuitState.Open, Breaker.State);
    }

    /// <summary>Opens the circuit and waits until a probe may go.</summary>
    public async Task OpenAndEndBreak()
    {
        await Open();
        Time.Advance(BreakDuration);
        Assert.False(Breaker.IsOpen);
    }

    private void Record(CircuitTransition transition)
    {
        lock (_transitions)
        {
            _transitions.Add(transition);
        }
    }
}
