using HybridStore.Resilience;
using Microsoft.Extensions.Time.Testing;
using Polly.CircuitBreaker;
using StackExchange.Redis;

namespace HybridStore.Tests.Resilience;

public class CircuitProbeTests
{
    [Fact]
    public async Task The_break_lasts_as_long_as_it_should_and_then_a_successful_probe_closes_the_circuit()
    {
        var circuit = new CircuitUnderTest();
        await circuit.Open();
        circuit.Time.Advance(CircuitUnderTest.BreakDuration - TimeSpan.FromTicks(1));
        Assert.True(circuit.Breaker.IsOpen);
        await circuit.AssertRefused();

        circuit.Time.Advance(TimeSpan.FromTicks(1));
        Assert.False(circuit.Breaker.IsOpen);
        await circuit.Succeed();

        Assert.Equal(CircuitState.Closed, circuit.Breaker.State);
        Assert.Equal(
            [
                (CircuitState.Closed, CircuitState.Open),
                (CircuitState.Open, CircuitState.HalfOpen),
                (CircuitState.HalfOpen, CircuitState.Closed),
            ],
            circuit.Transitions);

        // The count begins anew.
        await circuit.Fail();
        await circuit.Fail();
        Assert.False(circuit.Breaker.IsOpen);
        await circuit.Fail();
        Assert.True(circuit.Breaker.IsOpen);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Each_failed_probe_opens_it_for_a_whole_break_again(int threshold)
    {
        var circuit = new CircuitUnderTest(new CircuitBreakerOptions { FailureThreshold = threshold });
        await circuit.OpenAndEndBreak();
        for (var probe = 0; probe < 5; probe++)
        {
            var failure = CircuitUnderTest.Dropped();
            await circuit.Fail(failure);
            Assert.Equal(new CircuitTransition(CircuitState.HalfOpen, CircuitState.Open, failure), circuit.LastTransition);
            circuit.Time.Advance(CircuitUnderTest.BreakDuration - TimeSpan.FromTicks(1));
            await circuit.AssertRefused();
            circuit.Time.Advance(TimeSpan.FromTicks(1));
            Assert.False(circuit.Breaker.IsOpen);
        }

        await circuit.Succeed();
        Assert.Equal(CircuitState.Closed, circuit.Breaker.State);
    }

    [Fact]
    public async Task While_a_probe_is_in_flight_others_are_refused()
    {
        var circuit = new CircuitUnderTest();
        await circuit.OpenAndEndBreak();
        var answer = new TaskCompletionSource<int>();
        var probe = circuit.Call(answer.Task);

        Assert.True(circuit.Breaker.IsOpen);
        Assert.Equal(CircuitState.HalfOpen, circuit.Breaker.State);
        await circuit.AssertRefused();

        answer.SetResult(1);
        Assert.Equal(RedisCallStatus.Ok, (await probe).Status);
        await circuit.Succeed();
    }

    [Fact]
    public async Task A_probe_that_is_not_answered_in_time_opens_it_again()
    {
        var circuit = new CircuitUnderTest();
        await circuit.OpenAndEndBreak();
        var probe = circuit.Call(new TaskCompletionSource<int>().Task);

        circuit.Time.Advance(CircuitUnderTest.Timeout);

        Assert.True((await probe).IsFailed);
        Assert.Equal(CircuitState.Open, circuit.Breaker.State);
        await circuit.AssertRefused();
    }

    [Fact]
    public async Task A_probe_that_the_server_answers_with_an_error_about_the_call_closes_it()
    {
        var circuit = new CircuitUnderTest();
        await circuit.OpenAndEndBreak();

        await circuit.Fail(new RedisServerException(RedisErrorKind.WrongType, CommandFlags.None, "WRONGTYPE"));

        Assert.Equal(CircuitState.Closed, circuit.Breaker.State);
    }

    [Fact]
    public async Task A_probe_that_proves_nothing_does_not_close_it()
    {
        var circuit = new CircuitUnderTest();
        await circuit.OpenAndEndBreak();
        await circuit.Fail(new InvalidOperationException("ours"));
        await circuit.AssertRefused();

        circuit.Time.Advance(CircuitUnderTest.BreakDuration);
        var cancelled = await circuit.Call(Task.FromCanceled<int>(new CancellationToken(canceled: true)));

        Assert.IsType<TaskCanceledException>(cancelled.Error);
        await circuit.AssertRefused();
        circuit.Time.Advance(CircuitUnderTest.BreakDuration);
        await circuit.Succeed();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_result_of_a_probe_whose_caller_has_gone_decides_all_the_same(bool succeeds)
    {
        var circuit = new CircuitUnderTest();
        await circuit.OpenAndEndBreak();
        using var caller = new CancellationTokenSource();
        var answer = new TaskCompletionSource<int>();
        var probe = circuit.Call(answer.Task, caller.Token);

        await caller.CancelAsync();

        var cancelled = await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await probe);
        Assert.Equal(caller.Token, cancelled.CancellationToken);
        Assert.Equal(CircuitState.HalfOpen, circuit.Breaker.State);
        await circuit.AssertRefused();

        if (succeeds)
        {
            answer.SetResult(1);
        }
        else
        {
            answer.SetException(CircuitUnderTest.Dropped());
        }

        Assert.Equal(succeeds ? CircuitState.Closed : CircuitState.Open, circuit.Breaker.State);
        Assert.Equal(!succeeds, circuit.Breaker.IsOpen);
    }

    [Fact]
    public async Task A_probe_whose_caller_has_gone_does_not_stay_half_open_when_nothing_answers()
    {
        var circuit = new CircuitUnderTest();
        await circuit.OpenAndEndBreak();
        using var caller = new CancellationTokenSource();
        var probe = circuit.Call(new TaskCompletionSource<int>().Task, caller.Token);
        await caller.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await probe);

        circuit.Time.Advance(CircuitUnderTest.Timeout);

        Assert.Equal(CircuitState.Open, circuit.Breaker.State);
        circuit.Time.Advance(CircuitUnderTest.BreakDuration);
        await circuit.Succeed();
        Assert.Equal(CircuitState.Closed, circuit.Breaker.State);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_straggler_from_before_the_break_neither_closes_nor_reopens_a_half_open_circuit(bool succeeds)
    {
        // The time-out must outlast the break for a straggler to meet the probe.
        var options = new CircuitBreakerOptions { FailureThreshold = 1, BreakDuration = TimeSpan.FromSeconds(0.5) };
        var circuit = new CircuitUnderTest(options, TimeSpan.FromSeconds(2));
        var straggler = new TaskCompletionSource<int>();
        var late = new TaskCompletionSource<int>();
        var answer = new TaskCompletionSource<int>();
        var stragglerResult = circuit.Call(straggler.Task);
        var lateResult = circuit.Call(late.Task);
        await circuit.Open();
        circuit.Time.Advance(options.BreakDuration);
        var probe = circuit.Call(answer.Task);

        if (succeeds)
        {
            straggler.SetResult(1);
        }
        else
        {
            straggler.SetException(CircuitUnderTest.Dropped());
        }

        Assert.Equal(succeeds ? RedisCallStatus.Ok : RedisCallStatus.Failed, (await stragglerResult).Status);
        Assert.Equal(CircuitState.HalfOpen, circuit.Breaker.State);
        await circuit.AssertRefused();

        answer.SetResult(1);
        Assert.Equal(RedisCallStatus.Ok, (await probe).Status);
        Assert.Equal(CircuitState.Closed, circuit.Breaker.State);

        // Nor does one that fails after the circuit has closed open it, though one failure is enough here.
        late.SetException(CircuitUnderTest.Dropped());
        Assert.True((await lateResult).IsFailed);
        Assert.False(circuit.Breaker.IsOpen);
        await circuit.Fail();
        Assert.True(circuit.Breaker.IsOpen);
    }

    [Fact]
    public async Task A_straggler_that_succeeds_does_not_end_the_break()
    {
        var circuit = new CircuitUnderTest();
        var straggler = new TaskCompletionSource<int>();
        var result = circuit.Call(straggler.Task);
        await circuit.Open();

        straggler.SetResult(1);

        Assert.Equal(RedisCallStatus.Ok, (await result).Status);
        await circuit.AssertRefused();
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public async Task A_wall_clock_that_is_set_does_not_change_the_break(int hours)
    {
        var time = new SettableWallClock();
        var circuit = new CircuitUnderTest(time: time);
        await circuit.Open();

        time.SetBy = TimeSpan.FromHours(hours);

        circuit.Time.Advance(CircuitUnderTest.BreakDuration - TimeSpan.FromTicks(1));
        await circuit.AssertRefused();
        circuit.Time.Advance(TimeSpan.FromTicks(1));
        await circuit.Succeed();
        Assert.Equal(CircuitState.Closed, circuit.Breaker.State);
    }

    [Fact]
    public async Task Whoever_is_told_that_the_circuit_closes_hears_it_before_the_first_guarded_call()
    {
        var refused = new List<bool>();
        RedisCircuitBreaker? breaker = null;
        var circuit = new CircuitUnderTest();
        breaker = new RedisCircuitBreaker(
            new CircuitBreakerOptions { FailureThreshold = 1 },
            CircuitUnderTest.Timeout,
            circuit.Time,
            _ => refused.Add(breaker!.IsOpen));
        await breaker.ExecuteAsync(
            static failure => Task.FromException<int>(failure),
            CircuitUnderTest.Dropped(),
            TestContext.Current.CancellationToken);
        circuit.Time.Advance(CircuitUnderTest.BreakDuration);
        await breaker.ExecuteAsync(static _ => Task.FromResult(1), 0, TestContext.Current.CancellationToken);

        Assert.Equal([true, true, true], refused);
        Assert.False(breaker.IsOpen);
    }

    /// <summary>Sets the wall clock alone: FakeTimeProvider itself moves the timestamps with it.</summary>
    private sealed class SettableWallClock : FakeTimeProvider
    {
        public TimeSpan SetBy { get; set; }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + SetBy;

        public override long GetTimestamp() => base.GetUtcNow().UtcTicks;
    }
}
