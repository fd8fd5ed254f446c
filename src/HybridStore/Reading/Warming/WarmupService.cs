using HybridStore.Diagnostics;
using HybridStore.Registration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace HybridStore.Reading.Warming;

/// <summary>Runs one warm-up when it is due, as long as the application lives.</summary>
internal sealed class WarmupService<TWarmup>(
    IServiceProvider services, Func<StoreRoot?> root, WarmupOptions options) : IHostedService, IDisposable
    where TWarmup : class, ICacheWarmup
{
    private static readonly string Name = typeof(TWarmup).Name;

    private readonly CancellationTokenSource _stopping = new();
    private Task _running = Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        // There is none where a test has put another store in its place, and no Redis where the store passes it by.
        if (root() is { Redis: not null } store)
        {
            _running = Task.Run(() => RunAsync(store, _stopping.Token), CancellationToken.None);
        }

        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await ((Task)_running.WaitAsync(cancellationToken)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public void Dispose() => _stopping.Dispose();

    private async Task RunAsync(StoreRoot store, CancellationToken cancellationToken)
    {
        try
        {
            store.Redis!.Start();
            await store.Redis.Ready.WaitAsync(cancellationToken).ConfigureAwait(false);
            var reason = options.AtStart ? "the application starts" : null;
            while (true)
            {
                // Looked up before the run: what is lost while it runs is not missed.
                var lost = options.AfterCacheLoss ? await NextLossAsync(store, cancellationToken).ConfigureAwait(false) : null;
                var failed = reason is not null && !await TryRunAsync(store, reason, cancellationToken).ConfigureAwait(false);
                reason = await NextReasonAsync(store, lost, failed, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The application stops.
        }
        catch (OperationCanceledException)
        {
            // The store was disposed before Redis was ever reached.
        }
    }

    /// <summary>Completes when this process hears that the cache is another one.</summary>
    private async ValueTask<Task> NextLossAsync(StoreRoot store, CancellationToken cancellationToken)
    {
        // Until the first number is known none can be raised.
        while (store.Redis!.Session!.Generations.Current is null)
        {
            await store.AskForGenerationAsync().ConfigureAwait(false);
            if (store.Redis.Session.Generations.Current is null)
            {
                await Task.Delay(options.Watching, store.TimeProvider, cancellationToken).ConfigureAwait(false);
            }
        }

        return store.Redis.Session.Generations.NextRaise;
    }

    /// <summary>Waits until a run is due, and tells why.</summary>
    private async Task<string> NextReasonAsync(StoreRoot store, Task? lost, bool failed, CancellationToken cancellationToken)
    {
        var session = store.Redis!.Session;
        var pause = failed ? options.RetryDelay : options.Interval;
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var due = pause is { } after ? Task.Delay(after, store.TimeProvider, waiting.Token) : Task.Delay(Timeout.Infinite, waiting.Token);
        try
        {
            while (true)
            {
                var tick = lost is null ? due : Task.Delay(options.Watching, store.TimeProvider, waiting.Token);
                var first = await Task.WhenAny(lost ?? due, due, tick).ConfigureAwait(false);
                cancellationToken.ThrowIfCancellationRequested();
                if (lost is { IsCompleted: true } || store.Redis.Session?.Layout != session?.Layout)
                {
                    await Task.Delay(options.Spread * Random.Shared.NextDouble(), store.TimeProvider, cancellationToken).ConfigureAwait(false);
                    return "the cache is empty again";
                }

                if (first == due)
                {
                    return failed ? "the run before has failed" : "the interval is over";
                }

                await store.AskForGenerationAsync().ConfigureAwait(false);
            }
        }
        finally
        {
            await waiting.CancelAsync().ConfigureAwait(false);
        }
    }

    private async Task<bool> TryRunAsync(StoreRoot store, string reason, CancellationToken cancellationToken)
    {
        WarmingLog.Begins(store.Logger, Name, reason);
        var startedAt = store.TimeProvider.GetTimestamp();
        var interruptions = store.Warmer!.Interruptions;
        try
        {
            var scope = services.CreateAsyncScope();
            await using (scope.ConfigureAwait(false))
            {
                var warmup = ActivatorUtilities.GetServiceOrCreateInstance<TWarmup>(scope.ServiceProvider);
                await warmup.WarmAsync(store.Store, cancellationToken).ConfigureAwait(false);
            }

            WarmingLog.Ended(store.Logger, Name, store.TimeProvider.GetElapsedTime(startedAt));
            return store.Warmer.Interruptions == interruptions;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception error)
        {
            WarmingLog.Failed(store.Logger, Name, FailureLog.KindOf(error), options.RetryDelay);
            FailureLog.InFull(store.Logger, error);
            return false;
        }
    }
}
