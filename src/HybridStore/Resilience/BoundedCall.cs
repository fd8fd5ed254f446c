using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Polly;

namespace HybridStore.Resilience;

/// <summary>
/// Runs calls to Redis in a Polly pipeline with a time-out. StackExchange.Redis takes no cancellation token, so that the
/// time-out can only stop the waiting; the caller's token stays outside for the same reason.
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

    /// <summary>Starts a call inside the pipeline, if the pipeline lets it.</summary>
    public static async ValueTask<Outcome<TResult>> ExecuteAsync<TState, TResult>(
        ResiliencePipeline pipeline,
        Func<TState, Task<TResult>> call,
        TState state)
    {
        var context = ResilienceContextPool.Shared.Get(continueOnCapturedContext: false);
        var outcome = await pipeline.ExecuteOutcomeAsync(
            static (context, target) => WaitAsync(context, Start(target.call, target.state)),
            context,
            (call, state)).ConfigureAwait(false);
        ResilienceContextPool.Shared.Return(context);
        return outcome;
    }

    /// <summary>Waits in the pipeline for a call that is under way.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public static async ValueTask<Outcome<TResult>> WaitAsync<TResult>(ResiliencePipeline pipeline, Task<TResult> task)
    {
        var context = ResilienceContextPool.Shared.Get(continueOnCapturedContext: false);
        var outcome = await pipeline.ExecuteOutcomeAsync(
            static (context, task) => WaitAsync(context, task),
            context,
            task).ConfigureAwait(false);
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

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<Outcome<TResult>> WaitAsync<TResult>(ResilienceContext context, Task<TResult> task)
    {
        // Nothing is thrown on the way: an outage fails many calls at once, and a throw costs microseconds.
        await ((Task)task.WaitAsync(context.CancellationToken)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (TryGetAnswer(task, out var answer))
        {
            return Outcome.FromResult(answer);
        }

        if (task.IsFaulted)
        {
            return Outcome.FromException<TResult>(task.Exception.InnerException!);
        }

        if (!task.IsCompleted)
        {
            // Abandoned. Its late failure has no reader left, and must not surface as an unobserved exception.
            _ = task.ContinueWith(
                static late => late.Exception,
                CancellationToken.None,
                TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default);
        }

        // Polly makes its time-out of this, if it was the time-out that cancelled.
        return Outcome.FromException<TResult>(new TaskCanceledException(task));
    }
}
