using HybridStore.Diagnostics;
using HybridStore.Redis.Generations;
using Microsoft.Extensions.Logging;

namespace HybridStore.Redis.Janitor;

/// <summary>Lets the janitor run at intervals, and some time after each raise of the generation. What goes wrong is logged, and tried again
/// at the next interval.</summary>
internal sealed class JanitorSchedule(
    CacheJanitor janitor, RedisConnection connection, TimeSpan interval, TimeProvider timeProvider, ILogger logger) : IAsyncDisposable
{
    // By then nobody reads in the generation before, also where Redis has taken the raise a little late.
    private static readonly TimeSpan AfterRaise = 2 * GenerationRegister.Grace;

    private static readonly Task Never = new TaskCompletionSource().Task;

    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _lock = new();
    private Task? _running;

    public void Start()
    {
        lock (_lock)
        {
            if (!_stopping.IsCancellationRequested)
            {
                _running ??= Task.Run(LoopAsync, CancellationToken.None);
            }
        }
    }

    /// <summary>Stops a run that is under way.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        Task? running;
        lock (_lock)
        {
            running = _running;
        }

        if (running is not null)
        {
            await running.ConfigureAwait(false);
        }
    }

    private async Task LoopAsync()
    {
        try
        {
            await connection.Ready.WaitAsync(_stopping.Token).ConfigureAwait(false);
            var raised = NextRaise();
            var pause = interval;
            while (true)
            {
                await PauseAsync(pause, raised).ConfigureAwait(false);
                if (raised.IsCompleted)
                {
                    await PauseAsync(AfterRaise, Never).ConfigureAwait(false);
                }

                // From before the run on: a raise meanwhile asks for another one.
                raised = NextRaise();
                var outcome = await RunAsync().ConfigureAwait(false);
                pause = outcome == JanitorOutcome.InGrace && pause != AfterRaise ? AfterRaise : interval;
            }
        }
        catch (Exception) when (_stopping.IsCancellationRequested || connection.Ready.IsCanceled)
        {
            // The store is disposed. What the client says of a call that was cut short is of no interest any more.
        }
    }

    private Task NextRaise() => connection.Session!.Generations.NextRaise;

    /// <summary>Waits, or less if something happens. Jitter keeps the instances of an application from knocking together.</summary>
    private async Task PauseAsync(TimeSpan pause, Task unless)
    {
        using var paused = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        var jittered = pause * (0.9 + (Random.Shared.NextDouble() / 5));
        await Task.WhenAny(unless, Task.Delay(jittered, timeProvider, paused.Token)).ConfigureAwait(false);
        await paused.CancelAsync().ConfigureAwait(false);
        _stopping.Token.ThrowIfCancellationRequested();
    }

    private async Task<JanitorOutcome> RunAsync()
    {
        try
        {
            return await janitor.RunAsync(_stopping.Token).ConfigureAwait(false);
        }
        catch (Exception error) when (!_stopping.IsCancellationRequested)
        {
            JanitorLog.Failed(logger, FailureLog.KindOf(error));
            FailureLog.InFull(logger, error);
            return JanitorOutcome.Failed;
        }
    }
}
