using HybridStore.Resilience;
using Polly.CircuitBreaker;
using StackExchange.Redis;

namespace HybridStore.Tests.Resilience;

public class CircuitOpeningTests
{
    [Fact]
    public async Task Three_failures_in_a_row_open_the_circuit_and_two_do_not()
    {
        var circuit = new CircuitUnderTest();
        await circuit.Fail();
        await circuit.Fail();
        Assert.False(circuit.Breaker.IsOpen);
        Assert.Empty(circuit.Transitions);

        var last = CircuitUnderTest.Dropped();
        await circuit.Fail(last);

        Assert.True(circuit.Breaker.IsOpen);
        await circuit.AssertRefused();
        Assert.Equal(new CircuitTransition(CircuitState.Closed, CircuitState.Open, last), circuit.LastTransition);
        Assert.Single(circuit.Transitions);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(1000)]
    public async Task The_threshold_is_exact(int threshold)
    {
        var circuit = new CircuitUnderTest(new CircuitBreakerOptions { FailureThreshold = threshold });
        for (var failure = 1; failure < threshold; failure++)
        {
            await circuit.Fail();
        }

        Assert.False(circuit.Breaker.IsOpen);
        await circuit.Fail();
        await circuit.AssertRefused();
    }

    [Theory]
    [InlineData(9.3, true)]
    [InlineData(10, true)]
    [InlineData(10.0001, false)]
    [InlineData(12, false)]
    public async Task The_first_of_the_row_is_no_older_than_the_window(double secondsApart, bool opens)
    {
        var circuit = new CircuitUnderTest();
        await circuit.Fail();
        circuit.Time.Advance(TimeSpan.FromSeconds(secondsApart / 2));
        await circuit.Fail();
        circuit.Time.Advance(TimeSpan.FromSeconds(secondsApart) - TimeSpan.FromSeconds(secondsApart / 2));
        await circuit.Fail();

        Assert.Equal(opens, circuit.Breaker.IsOpen);
    }

    [Theory]
    [InlineData(0.05)]
    [InlineData(10)]
    [InlineData(86_400)]
    public async Task The_window_is_exact_whatever_its_length_and_phase(double seconds)
    {
        var window = TimeSpan.FromSeconds(seconds);
        for (var phase = 0; phase < 20; phase++)
        {
            var circuit = new CircuitUnderTest(new CircuitBreakerOptions { FailureWindow = window });
            await circuit.Succeed();
            circuit.Time.Advance(window / 7 * phase);
            await circuit.Fail();
            await circuit.Fail();
            circuit.Time.Advance(window + TimeSpan.FromTicks(1));
            await circuit.Fail();
            Assert.False(circuit.Breaker.IsOpen);

            // The two old ones have left the window; with the third, two new ones make a row.
            circuit.Time.Advance(window / 2);
            await circuit.Fail();
            Assert.False(circuit.Breaker.IsOpen);
            circuit.Time.Advance(window / 2);
            await circuit.Fail();
            Assert.True(circuit.Breaker.IsOpen);
        }
    }

    [Fact]
    public async Task Any_success_starts_the_count_again()
    {
        var circuit = new CircuitUnderTest();
        for (var round = 0; round < 10; round++)
        {
            await circuit.Fail();
            await circuit.Fail();
            await circuit.Succeed();
        }

        Assert.False(circuit.Breaker.IsOpen);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Ten_thousand_successes_a_second_just_before_change_nothing(bool pending)
    {
        var circuit = new CircuitUnderTest();
        for (var call = 0; call < 20_000; call++)
        {
            circuit.Time.Advance(TimeSpan.FromMicroseconds(100));
            var answer = new TaskCompletionSource<int>();
            var result = circuit.Call(pending ? answer.Task : Task.FromResult(1));
            answer.SetResult(1);
            Assert.Equal(RedisCallStatus.Ok, (await result).Status);
        }

        await circuit.Fail();
        await circuit.Fail();
        Assert.False(circuit.Breaker.IsOpen);
        await circuit.Fail();
        Assert.True(circuit.Breaker.IsOpen);
    }

    [Fact]
    public async Task Failures_nine_seconds_and_three_tenths_apart_open_it_after_ten_thousand_successes_a_second()
    {
        var circuit = new CircuitUnderTest();
        for (var call = 0; call < 10_000; call++)
        {
            circuit.Time.Advance(TimeSpan.FromMicroseconds(100));
            await circuit.Succeed();
        }

        await circuit.Fail();
        await circuit.Fail();
        circuit.Time.Advance(TimeSpan.FromSeconds(9.3));
        await circuit.Fail();

        Assert.True(circuit.Breaker.IsOpen);
    }

    [Theory]
    [InlineData(RedisErrorKind.WrongType)]
    [InlineData(RedisErrorKind.NoScript)]
    [InlineData(RedisErrorKind.Moved)]
    [InlineData(RedisErrorKind.OutOfMemory)]
    [InlineData(RedisErrorKind.ReadOnly)]
    public async Task An_error_answer_about_the_call_never_opens_it_and_starts_the_count_again(RedisErrorKind kind)
    {
        var circuit = new CircuitUnderTest();
        for (var call = 0; call < 10; call++)
        {
            await circuit.Fail(new RedisServerException(kind, CommandFlags.None, "answer"));
        }

        Assert.False(circuit.Breaker.IsOpen);
        await circuit.Fail();
        await circuit.Fail();
        await circuit.Fail(new RedisServerException(kind, CommandFlags.None, "answer"));
        await circuit.Fail();
        await circuit.Fail();
        Assert.False(circuit.Breaker.IsOpen);
        await circuit.Fail();
        Assert.True(circuit.Breaker.IsOpen);
    }

    [Fact]
    public async Task What_proves_nothing_neither_adds_to_the_count_nor_starts_it_again()
    {
        var circuit = new CircuitUnderTest();
        await circuit.Fail();
        await circuit.Fail();
        await circuit.Fail(new InvalidOperationException("ours"));
        Assert.False(circuit.Breaker.IsOpen);

        await circuit.Fail();

        Assert.True(circuit.Breaker.IsOpen);
    }

    [Fact]
    public async Task A_call_that_throws_instead_of_returning_a_task_is_a_failure_like_any_other()
    {
        var circuit = new CircuitUnderTest();
        for (var call = 0; call < 3; call++)
        {
            var result = await circuit.Breaker.ExecuteAsync<int, int>(
                static _ => throw CircuitUnderTest.Dropped(), 0, TestContext.Current.CancellationToken);
            Assert.IsType<RedisConnectionException>(result.Error);
        }

        Assert.True(circuit.Breaker.IsOpen);
    }

    [Fact]
    public async Task Answers_and_refusals_allocate_nothing()
    {
        var circuit = new CircuitUnderTest();
        var answer = Task.FromResult(1);
        Assert.Equal(0, BytesOfCalls(circuit, answer, RedisCallStatus.Ok));

        await circuit.Open();

        Assert.Equal(0, BytesOfCalls(circuit, answer, RedisCallStatus.Refused));
    }

    private static long BytesOfCalls(CircuitUnderTest circuit, Task<int> answer, RedisCallStatus expected)
    {
        var unexpected = 0;
        long before = 0;
        for (var call = 0; call < 2_000; call++)
        {
            // The first half warms up.
            before = call == 1_000 ? GC.GetAllocatedBytesForCurrentThread() : before;
            var result = circuit.Breaker.ExecuteAsync(static task => task, answer, CancellationToken.None);
            unexpected += result.IsCompletedSuccessfully && result.GetAwaiter().GetResult().Status == expected ? 0 : 1;
        }

        var bytes = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Equal(0, unexpected);
        return bytes;
    }
}
