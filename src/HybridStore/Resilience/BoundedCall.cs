using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Polly;
using Polly.Timeout;

namespace HybridStore.Resilience;

/// <summary>
/// Bounds the wait for calls to Redis. StackExchange.Redis takes no cancellation token, so that the time-out can only stop the waiting; the
/// caller's token stays outside for the same reason.
/// </summary>
internal static class BoundedCall
{
    /// <summary>Starts a call; one that throws instead of returning a task is a failed task like any other.</summary>
    public static Task<TResult> Start<TState, TResult>(Func<TState, Task<TResult>> call, TState state)
    {
        try
        {
            return call(state);
        }
        catch (Exception failure)
        {
            return Task.FromException<TResult>(failure);
        }
    }

    /// <summary>True, with the answer, if the call has been answered by now.</summary>
    public static bool TryGetAnswer<TResult>(Task<TResult> task, [MaybeNullWhen(false)] out TResult answer)
    {
        // Looked at once: the task may complete between two looks.
        var answered = task.IsCompletedSuccessfully;
        answer = answered ? task.Result : default;
        return answered;
    }

    /// <summary>Waits for a call and throws nothing: an outage fails many calls at once, and a throw costs microseconds.</summary>
    public static ConfiguredTaskAwaitable WaitAsync(Task task, TimeSpan timeout, TimeProvider timeProvider) =>
        task.WaitAsync(timeout, timeProvider).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    /// <summary>Why a call that was waited for has no answer.</summary>
    public static Exception FailureOf(Task task, TimeSpan timeout)
    {
        if (task.IsFaulted)
        {
            return task.Exception.InnerException!;
        }

        if (task.IsCanceled)
        {
            return new TaskCanceledException(task);
        }

        // It may end at this moment: that is too late all the same.
        Abandon(task);
        return new TimeoutRejectedException($"Redis has not answered within {timeout:c}.", timeout);
    }

    /// <summary>Nobody waits for a task any more: a failure of it has no reader, and must not surface as an unobserved exception.</summary>
    public static void Abandon(Task task) => _ = task.ContinueWith(
        static late => late.Exception,
        CancellationToken.None,
        TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
        TaskScheduler.Default);

    /// <summary>Starts a call inside a pipeline, if the pipeline lets it, and waits for it.</summary>
    public static async ValueTask<Outcome<TResult>> ExecuteAsync<TState, TResult>(
        ResiliencePipeline pipeline,
        Func<TState, Task<TResult>> call,
        TState state,
        TimeSpan timeout,
        TimeProvider timeProvider)
    {
        var context = ResilienceContextPool.Shared.Get(continueOnCapturedContext: false);
        var outcome = await pipeline.ExecuteOutcomeAsync(
            static async (_, target) =>
            {
                // It runs before the call does: whoever sees the call on its way may count on it.
                using var deadline = new CancellationTokenSource(target.timeout, target.timeProvider);
                var task = Start(target.call, target.state);
                await ((Task)task.WaitAsync(deadline.Token)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                return TryGetAnswer(task, out var answer)
                    ? Outcome.FromResult(answer)
                    : Outcome.FromException<TResult>(FailureOf(task, target.timeout));
            },
            context,
            (call, state, timeout, timeProvider)).ConfigureAwait(false);
        ResilienceContextPool.Shared.Return(context);
        return outcome;
    }

    /// <summary>Tells the pipeline of a failure that happened outside.</summary>
    public static async ValueTask ReportAsync(ResiliencePipeline pipeline, Exception failure)
    {
        var context = ResilienceContextPool.Shared.Get(continueOnCapturedContext: false);
        await pipeline.ExecuteOutcomeAsync(
            static (_, failure) => new ValueTask<Outcome<object>>(Outcome.FromException<object>(failure)),
            context,
            failure).ConfigureAwait(false);
        ResilienceContextPool.Shared.Return(context);
    }
}
