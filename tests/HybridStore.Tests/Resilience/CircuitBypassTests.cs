using HybridStore.Resilience;
using Polly.CircuitBreaker;
using Polly.Timeout;

namespace HybridStore.Tests.Resilience;

public class CircuitBypassTests
{
    [Fact]
    public async Task It_goes_through_while_the_circuit_is_open_and_its_success_does_not_close_it()
    {
        var circuit = new CircuitUnderTest();
        await circuit.Open();

        Assert.True((await circuit.CallBypassing(Task.FromResult(5))).TryGetValue(out var value));

        Assert.Equal(5, value);
        await circuit.AssertRefused();
    }

    [Fact]
    public async Task It_is_bounded_while_the_circuit_is_open()
    {
        var circuit = new CircuitUnderTest();
        await circuit.Open();
        var result = circuit.CallBypassing(new TaskCompletionSource<int>().Task);

        circuit.Time.Advance(CircuitUnderTest.Timeout);

        Assert.IsType<TimeoutRejectedException>((await result).Error);
    }

    [Fact]
    public async Task Its_failures_while_the_circuit_is_open_do_not_prolong_the_break()
    {
        var circuit = new CircuitUnderTest();
        await circuit.Open();
        for (var second = 0; second < CircuitUnderTest.BreakDuration.TotalSeconds; second++)
        {
            Assert.True((await circuit.CallBypassing(Task.FromException<int>(CircuitUnderTest.Dropped()))).IsFailed);
            circuit.Time.Advance(TimeSpan.FromSeconds(1));
        }

        await circuit.Succeed();
        Assert.Equal(CircuitState.Closed, circuit.Breaker.State);
        Assert.Equal(3, circuit.Transitions.Count());
    }

    [Fact]
    public async Task It_is_no_probe_and_does_not_decide_about_one()
    {
        var circuit = new CircuitUnderTest(new CircuitBreakerOptions { FailureThreshold = 1 });
        await circuit.OpenAndEndBreak();
        Assert.Equal(RedisCallStatus.Ok, (await circuit.CallBypassing(Task.FromResult(1))).Status);
        Assert.Equal(CircuitState.Open, circuit.Breaker.State);
        Assert.False(circuit.Breaker.IsOpen);

        var answer = new TaskCompletionSource<int>();
        var spanning = new TaskCompletionSource<int>();
        var probe = circuit.Call(answer.Task);
        var spanningResult = circuit.CallBypassing(spanning.Task);
        Assert.Equal(RedisCallStatus.Ok, (await circuit.CallBypassing(Task.FromResult(1))).Status);
        Assert.True((await circuit.CallBypassing(Task.FromException<int>(CircuitUnderTest.Dropped()))).IsFailed);
        Assert.Equal(CircuitState.HalfOpen, circuit.Breaker.State);

        answer.SetResult(1);
        Assert.Equal(RedisCallStatus.Ok, (await probe).Status);
        Assert.Equal(CircuitState.Closed, circuit.Breaker.State);

        // It began while the circuit was not closed: it says nothing now.
        spanning.SetException(CircuitUnderTest.Dropped());
        Assert.True((await spanningResult).IsFailed);
        Assert.False(circuit.Breaker.IsOpen);
    }

    [Fact]
    public async Task While_the_circuit_is_closed_it_counts_like_any_other()
    {
        var circuit = new CircuitUnderTest();
        await circuit.Fail();
        await circuit.Fail();
        Assert.Equal(RedisCallStatus.Ok, (await circuit.CallBypassing(Task.FromResult(1))).Status);
        await circuit.Fail();
        Assert.False(circuit.Breaker.IsOpen);

        for (var call = 0; call < 2; call++)
        {
            Assert.True((await circuit.CallBypassing(Task.FromException<int>(CircuitUnderTest.Dropped()))).IsFailed);
        }

        Assert.True(circuit.Breaker.IsOpen);
    }
}
