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
    private static readonly string Name = typeof(TWarmup).ToString();

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
            if (reason is null && await store.WarmMarks!.BeginAsync(Name).ConfigureAwait(false) is { } generation)
            {
                // What is there now is what a loss is told from.
                await store.WarmMarks.EndAsync(Name, generation).ConfigureAwait(false);
            }

            while (true)
            {
                var failed = reason is not null && !await TryRunAsync(store, reason, cancellationToken).ConfigureAwait(false);
                reason = await NextReasonAsync(store, failed, cancellationToken).ConfigureAwait(false);
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

    /// <summary>Waits until a run is due, and tells why.</summary>
    private async Task<string> NextReasonAsync(StoreRoot store, bool failed, CancellationToken cancellationToken)
    {
        var (time, endedAt) = (store.TimeProvider, store.TimeProvider.GetTimestamp());
        var due = failed ? options.RetryDelay : options.Interval;
        while (true)
        {
            var left = due - time.GetElapsedTime(endedAt);
            if (left <= TimeSpan.Zero)
            {
                return failed ? "the run before has failed" : "the interval is over";
            }

            // A run that has failed is not tried again before its time.
            var watches = options.AfterCacheLoss && !failed;
            var pause = !watches ? left ?? Timeout.InfiniteTimeSpan : left < options.Watching ? left.Value : options.Watching;
            await Task.Delay(pause, time, cancellationToken).ConfigureAwait(false);
            if (watches && await store.WarmMarks!.IsCacheLostAsync(Name).ConfigureAwait(false) is true)
            {
                await Task.Delay(options.Spread * Random.Shared.NextDouble(), time, cancellationToken).ConfigureAwait(false);
                if (await store.WarmMarks.IsCacheLostAsync(Name).ConfigureAwait(false) is true)
                {
                    return "the cache is empty again";
                }
            }
        }
    }

    private static async Task WarmAsync(IServiceProvider services, IHybridStore store, CancellationToken cancellationToken)
    {
        if (services.GetService<TWarmup>() is { } registered)
        {
            await registered.WarmAsync(store, cancellationToken).ConfigureAwait(false);
            return;
        }

        var made = ActivatorUtilities.CreateInstance<TWarmup>(services);
        try
        {
            await made.WarmAsync(store, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            // What the container has not made it does not dispose.
            if (made is IAsyncDisposable disposable)
            {
                await disposable.DisposeAsync().ConfigureAwait(false);
            }
            else
            {
                (made as IDisposable)?.Dispose();
            }
        }
    }

    private async Task<bool> TryRunAsync(StoreRoot store, string reason, CancellationToken cancellationToken)
    {
        WarmingLog.Begins(store.Logger, Name, reason);
        var startedAt = store.TimeProvider.GetTimestamp();
        var interruptions = store.Warmer!.Interruptions;
        try
        {
            var generation = await store.WarmMarks!.BeginAsync(Name).ConfigureAwait(false);
            var scope = services.CreateAsyncScope();
            await using (scope.ConfigureAwait(false))
            {
                await WarmAsync(scope.ServiceProvider, store.Store, cancellationToken).ConfigureAwait(false);
            }

            WarmingLog.Ended(store.Logger, Name, store.TimeProvider.GetElapsedTime(startedAt));
            if (generation is null || store.Warmer.Interruptions != interruptions)
            {
                return false;
            }

            await store.WarmMarks.EndAsync(Name, generation).ConfigureAwait(false);
            return true;
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
