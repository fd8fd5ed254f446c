using System.Runtime.CompilerServices;
using HybridStore.Resilience;
using Polly.Timeout;

namespace HybridStore.Tests.Resilience;

public class CircuitTimeoutTests
{
    [Fact]
    public async Task A_call_that_knows_no_token_is_left_at_the_timeout_and_counts()
    {
        var circuit = new CircuitUnderTest();
        for (var call = 0; call < 3; call++)
        {
            Assert.False(circuit.Breaker.IsOpen);
            var result = circuit.Call(new TaskCompletionSource<int>().Task).AsTask();
            circuit.Time.Advance(CircuitUnderTest.Timeout - TimeSpan.FromMilliseconds(1));
            Assert.False(result.IsCompleted);
            circuit.Time.Advance(TimeSpan.FromMilliseconds(1));
            Assert.IsType<TimeoutRejectedException>((await result).Error);
        }

        await circuit.AssertRefused();
    }

    [Fact]
    public async Task An_answer_just_in_time_is_an_answer()
    {
        var circuit = new CircuitUnderTest();
        var answer = new TaskCompletionSource<int>();
        var result = circuit.Call(answer.Task);

        circuit.Time.Advance(CircuitUnderTest.Timeout - TimeSpan.FromMilliseconds(1));
        answer.SetResult(7);

        Assert.True((await result).TryGetValue(out var value));
        Assert.Equal(7, value);
    }

    [Fact]
    public async Task A_caller_that_has_cancelled_before_makes_no_call()
    {
        var circuit = new CircuitUnderTest();
        var made = 0;
        var cancelled = new CancellationToken(canceled: true);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
            await circuit.Breaker.ExecuteAsync(_ => Task.FromResult(Interlocked.Increment(ref made)), 0, cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
            await circuit.Breaker.ExecuteBypassingAsync(_ => Task.FromResult(Interlocked.Increment(ref made)), 0, cancelled));

        Assert.Equal(0, made);
    }

    [Fact]
    public async Task A_callers_cancellation_is_no_failure()
    {
        var circuit = new CircuitUnderTest();
        for (var call = 0; call < 10; call++)
        {
            using var caller = new CancellationTokenSource();
            var answer = new TaskCompletionSource<int>();
            var result = circuit.Call(answer.Task, caller.Token);
            await caller.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await result);
            answer.SetResult(1);
        }

        Assert.False(circuit.Breaker.IsOpen);
        await circuit.Succeed();
    }

    [Fact]
    public async Task Calls_whose_callers_have_gone_still_count()
    {
        var circuit = new CircuitUnderTest();
        for (var call = 0; call < 3; call++)
        {
            using var caller = new CancellationTokenSource();
            var answer = new TaskCompletionSource<int>();
            var result = circuit.Call(answer.Task, caller.Token);
            await caller.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await result);
            answer.SetException(CircuitUnderTest.Dropped());
        }

        Assert.True(circuit.Breaker.IsOpen);
    }

    [Fact]
    public void A_call_that_ends_the_moment_its_time_is_over_has_timed_out()
    {
        Assert.IsType<TimeoutRejectedException>(FailureOf(Task.CompletedTask));
        Assert.IsType<TaskCanceledException>(FailureOf(Task.FromCanceled(new CancellationToken(canceled: true))));
        Assert.IsType<IOException>(FailureOf(Task.FromException(new IOException())));

        static Exception FailureOf(Task call) => BoundedCall.FailureOf(call, CircuitUnderTest.Timeout);
    }

    [Fact]
    public async Task The_late_failure_of_an_abandoned_call_is_observed()
    {
        var marker = Guid.NewGuid().ToString();
        var unobserved = 0;
        void Watch(object? sender, UnobservedTaskExceptionEventArgs arguments)
        {
            if (arguments.Exception.ToString().Contains(marker, StringComparison.Ordinal))
            {
                Interlocked.Increment(ref unobserved);
            }
        }

        TaskScheduler.UnobservedTaskException += Watch;
        try
        {
            await AbandonCall(marker, bypassing: false);
            await AbandonCall(marker, bypassing: true);
            CollectFinalized();
            Assert.Equal(0, unobserved);

            // The watch itself works.
            LoseFailure(marker);
            CollectFinalized();
            Assert.Equal(1, unobserved);
        }
        finally
        {
            TaskScheduler.UnobservedTaskException -= Watch;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task AbandonCall(string marker, bool bypassing)
    {
        var circuit = new CircuitUnderTest();
        var answer = new TaskCompletionSource<int>();
        var result = bypassing ? circuit.CallBypassing(answer.Task) : circuit.Call(answer.Task);
        circuit.Time.Advance(CircuitUnderTest.Timeout);
        Assert.IsType<TimeoutRejectedException>((await result).Error);
        answer.SetException(new IOException(marker));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void LoseFailure(string marker) => new TaskCompletionSource<int>().SetException(new IOException(marker));

    private static void CollectFinalized()
    {
        for (var round = 0; round < 3; round++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }
}
