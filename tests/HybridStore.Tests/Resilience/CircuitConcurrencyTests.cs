using HybridStore.Resilience;
using Polly.CircuitBreaker;

namespace HybridStore.Tests.Resilience;

/// <summary>Each of these runs a hundred times: a race that is lost once in a while is a race that is lost.</summary>
public class CircuitConcurrencyTests
{
    private const int Runs = 100;
    private const int Callers = 64;

    [Fact]
    public async Task Failures_of_calls_in_flight_together_count_once()
    {
        for (var run = 0; run < Runs; run++)
        {
            var circuit = new CircuitUnderTest();
            for (var drop = 1; drop <= 3; drop++)
            {
                Assert.False(circuit.Breaker.IsOpen);
                var answers = Enumerable.Range(0, Callers).Select(_ => new TaskCompletionSource<int>()).ToArray();
                var results = answers.Select(answer => circuit.Call(answer.Task).AsTask()).ToArray();

                await StartAtOnce(caller => answers[caller].SetException(CircuitUnderTest.Dropped()));

                Assert.All(await Task.WhenAll(results), result => Assert.True(result.IsFailed));
            }

            Assert.True(circuit.Breaker.IsOpen);
            Assert.Equal([(CircuitState.Closed, CircuitState.Open)], circuit.Transitions);
        }
    }

    [Fact]
    public async Task Timeouts_of_calls_in_flight_together_count_once()
    {
        for (var run = 0; run < Runs; run++)
        {
            var circuit = new CircuitUnderTest();
            for (var stall = 1; stall <= 3; stall++)
            {
                Assert.False(circuit.Breaker.IsOpen);
                var results = new Task<RedisCallResult<int>>[Callers];
                await StartAtOnce(caller => results[caller] = circuit.Call(new TaskCompletionSource<int>().Task).AsTask());

                circuit.Time.Advance(CircuitUnderTest.Timeout);

                Assert.All(await Task.WhenAll(results), result => Assert.True(result.IsFailed));
            }

            Assert.True(circuit.Breaker.IsOpen);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Of_all_callers_after_the_break_exactly_one_probes(bool succeeds)
    {
        for (var run = 0; run < Runs; run++)
        {
            var circuit = new CircuitUnderTest();
            await circuit.OpenAndEndBreak();
            var calls = 0;
            var answer = new TaskCompletionSource<int>();
            var results = new Task<RedisCallResult<int>>[Callers];

            await StartAtOnce(caller => results[caller] = circuit.Breaker.ExecuteAsync(
                _ =>
                {
                    Interlocked.Increment(ref calls);
                    return answer.Task;
                },
                0,
                TestContext.Current.CancellationToken).AsTask());

            Assert.Equal(1, calls);
            Assert.Equal(CircuitState.HalfOpen, circuit.Breaker.State);
            if (succeeds)
            {
                answer.SetResult(1);
            }
            else
            {
                answer.SetException(CircuitUnderTest.Dropped());
            }

            var outcomes = await Task.WhenAll(results);
            Assert.Equal(Callers - 1, outcomes.Count(outcome => outcome.IsRefused));
            Assert.Single(outcomes, outcome => outcome.Status == (succeeds ? RedisCallStatus.Ok : RedisCallStatus.Failed));
            Assert.Equal(succeeds ? CircuitState.Closed : CircuitState.Open, circuit.Breaker.State);
        }
    }

    [Fact]
    public async Task Transitions_are_told_in_order_however_calls_and_breaks_interleave()
    {
        for (var run = 0; run < Runs; run++)
        {
            var options = new CircuitBreakerOptions { FailureThreshold = 1, BreakDuration = TimeSpan.FromSeconds(0.5) };
            var circuit = new CircuitUnderTest(options);

            await RunAtOnce(async caller =>
            {
                for (var call = 0; call < 20; call++)
                {
                    var answer = (caller + call) % 3 == 0 ? Task.FromException<int>(CircuitUnderTest.Dropped()) : Task.FromResult(1);
                    await circuit.Call(answer);
                    if (caller == 0)
                    {
                        circuit.Time.Advance(options.BreakDuration);
                    }
                }
            });

            var state = CircuitState.Closed;
            foreach (var (from, to) in circuit.Transitions)
            {
                Assert.Equal(state, from);
                state = to;
            }

            Assert.Equal(state, circuit.Breaker.State);
            Assert.Contains((CircuitState.Closed, CircuitState.Open), circuit.Transitions);
        }
    }

    /// <summary>Lets all callers start together, and waits for none of their calls.</summary>
    private static Task StartAtOnce(Action<int> start) => RunAtOnce(caller =>
    {
        start(caller);
        return Task.CompletedTask;
    });

    private static async Task RunAtOnce(Func<int, Task> run)
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var callers = Enumerable.Range(0, Callers).Select(async caller =>
        {
            await gate.Task;
            await Task.Yield();
            await run(caller);
        }).ToArray();
        gate.SetResult();
        await Task.WhenAll(callers);
    }
}
