using HybridStore.Diagnostics;
using HybridStore.Redis.Generations;
using HybridStore.Resilience;
using Microsoft.Extensions.Logging;

namespace HybridStore.Redis.Janitor;

/// <summary>Lets the janitor run at intervals, and some time after each raise of the generation. What goes wrong is logged, and tried again
/// at the next interval.</summary>
internal sealed class JanitorSchedule : IAsyncDisposable
{
    // By then nobody reads in the generation before, also where Redis has taken the raise a little late.
    private static readonly TimeSpan AfterRaise = 2 * GenerationRegister.Grace;

    private static readonly Task Never = new TaskCompletionSource().Task;

    private readonly CacheJanitor _janitor;
    private readonly RedisConnection _connection;
    private readonly TimeSpan _interval;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly BackgroundLoop _loop;

    public JanitorSchedule(
        CacheJanitor janitor, RedisConnection connection, TimeSpan interval, TimeProvider timeProvider, ILogger logger)
    {
        (_janitor, _connection, _interval, _timeProvider, _logger) = (janitor, connection, interval, timeProvider, logger);
        _loop = new BackgroundLoop(LoopAsync);
    }

    public void Start() => _loop.Start();

    /// <summary>Stops a run that is under way.</summary>
    public ValueTask DisposeAsync() => _loop.DisposeAsync();

    private async Task LoopAsync(CancellationToken stopping)
    {
        try
        {
            await _connection.Ready.WaitAsync(stopping).ConfigureAwait(false);
            var raised = NextRaise();
            var pause = _interval;
            while (true)
            {
                await PauseAsync(pause, raised, stopping).ConfigureAwait(false);
                if (raised.IsCompleted)
                {
                    await PauseAsync(AfterRaise, Never, stopping).ConfigureAwait(false);
                }

                // From before the run on: a raise meanwhile asks for another one.
                raised = NextRaise();
                var outcome = await RunAsync(stopping).ConfigureAwait(false);
                pause = outcome == JanitorOutcome.InGrace && pause != AfterRaise ? AfterRaise : _interval;
            }
        }
        catch (Exception) when (stopping.IsCancellationRequested || _connection.Ready.IsCanceled)
        {
            // The store is disposed. What the client says of a call that was cut short is of no interest any more.
        }
    }

    private Task NextRaise() => _connection.Session!.Generations.NextRaise;

    /// <summary>Waits, or less if something happens. Jitter keeps the instances of an application from knocking together.</summary>
    private async Task PauseAsync(TimeSpan pause, Task unless, CancellationToken stopping)
    {
        using var paused = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var jittered = pause * (0.9 + (Random.Shared.NextDouble() / 5));
        await Task.WhenAny(unless, Task.Delay(jittered, _timeProvider, paused.Token)).ConfigureAwait(false);
        await paused.CancelAsync().ConfigureAwait(false);
        stopping.ThrowIfCancellationRequested();
    }

    private async Task<JanitorOutcome> RunAsync(CancellationToken stopping)
    {
        try
        {
            return await _janitor.RunAsync(stopping).ConfigureAwait(false);
        }
        catch (Exception error) when (!stopping.IsCancellationRequested)
        {
            JanitorLog.Failed(_logger, FailureLog.KindOf(error));
            FailureLog.InFull(_logger, error);
            return JanitorOutcome.Failed;
        }
    }
}
