using HybridStore.Realtime.Registration;
using HybridStore.Resilience;
using Npgsql;

namespace HybridStore.Realtime.Snapshots;

/// <summary>The snapshots of a store: takes them at each interval, when it is this instance's turn, and a last one at the stop.</summary>
internal sealed class SnapshotService : ISnapshots, IRealtimeComponent, IAsyncDisposable, IDisposable
{
    private static readonly TimeSpan LongestPauseAfterFailure = TimeSpan.FromSeconds(10);

    // Of an instance in its turn: another then takes it over. Should both live, one does again what the other has done.
    private static readonly TimeSpan LongestAbsence = TimeSpan.FromMinutes(1);

    private readonly RealtimeRoot _root;
    private readonly SnapshotOptions _options;
    private readonly SnapshotTable _table;
    private readonly SnapshotMetrics _metrics;
    private readonly BackgroundLoop _loop;
    private readonly Lock _lock = new();
    private readonly List<SnapshotKind> _kinds = [];
    private readonly Restorer _restorer;
    private readonly TrackedStructures _tracked;

    public SnapshotService(RealtimeRoot root, SnapshotOptions options)
    {
        (_root, _options) = (root, options);
        var link = root.Links.For(options);
        var store = options.KeyPrefix ?? link.Prefix;
        _table = new SnapshotTable(root, store);
        _metrics = new SnapshotMetrics(root.Metrics);
        _restorer = new Restorer(root, _table, _metrics);
        _tracked = new TrackedStructures(root, link, store, _table, _metrics);
        foreach (var (key, structure) in options.Tracked)
        {
            _tracked.Add(key, structure);
        }

        _loop = new BackgroundLoop(RunAsync);
    }

    public RealtimeServiceOptions Options => _options;

    public bool IsDurable => false;

    public bool NeedsTables => true;

    /// <summary>Null but in tests: awaited between the reading of a batch and its commit.</summary>
    public Func<Task>? BeforeCommit { get; set; }

    /// <summary>Has structures of a kind kept in snapshots.</summary>
    /// <returns>What puts them back.</returns>
    public Restorer Add(SnapshotKind kind)
    {
        lock (_lock)
        {
            _kinds.Add(kind);
        }

        return _restorer;
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _tracked.Start();
        _loop.Start();
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _loop.DisposeAsync().ConfigureAwait(false);
        try
        {
            await TakeAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (IsTrouble(error))
        {
            SnapshotLog.LastFailed(_root.Logger, error);
        }
        catch (OperationCanceledException error) when (cancellationToken.IsCancellationRequested)
        {
            SnapshotLog.LastFailed(_root.Logger, error);
        }
    }

    public async Task<SnapshotResult> TakeAsync(CancellationToken cancellationToken = default)
    {
        SnapshotKind[] kinds;
        lock (_lock)
        {
            kinds = [.. _kinds];
        }

        var run = new SnapshotRun(_table, _options, _metrics) { BeforeCommit = BeforeCommit };
        var succeeded = false;
        try
        {
            await run.WriteMarkedAsync(kinds, cancellationToken).ConfigureAwait(false);

            await _tracked.WriteAsync(run, _options.History, cancellationToken).ConfigureAwait(false);

            // Behind the rest: what is alive has its new expiry by now.
            await _table.PruneAsync(_options.History, cancellationToken).ConfigureAwait(false);
            succeeded = true;
        }
        finally
        {
            _metrics.Ran(succeeded);
        }

        SnapshotLog.Taken(_root.Logger, run.Result.Structures, run.Result.Written, run.Result.Removed);
        return run.Result;
    }

    public void Track(string key, SnapshotStructure structure) => _tracked.Add(key, structure);

    public Task<int> RestoreAsync(CancellationToken cancellationToken = default) => _tracked.RestoreAsync(cancellationToken);

    /// <summary>For containers that are disposed synchronously.</summary>
    public void Dispose() => _ = DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        await _loop.DisposeAsync().ConfigureAwait(false);
        await _tracked.DisposeAsync().ConfigureAwait(false);
        await _restorer.DisposeAsync().ConfigureAwait(false);
    }

    private static bool IsTrouble(Exception error) => error is RealtimeUnavailableException or NpgsqlException or TimeoutException;

    private async Task RunAsync(CancellationToken stopping)
    {
        var isOurs = false;
        var patience = _options.Interval < LongestAbsence ? _options.Interval : LongestAbsence;
        while (!stopping.IsCancellationRequested)
        {
            var pause = _options.Interval;
            try
            {
                // One that has failed is still ours.
                if (await _table.ClaimAsync(_options.Interval, patience, isOurs, stopping).ConfigureAwait(false) is { } wait)
                {
                    pause = wait;
                }
                else
                {
                    isOurs = true;
                    await TakeAsync(stopping).ConfigureAwait(false);
                    isOurs = false;
                    await _table.EndTurnAsync(stopping).ConfigureAwait(false);
                }
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                // Whatever it was, the next try may find it gone, and nothing else would take snapshots.
                pause = _options.Interval < LongestPauseAfterFailure ? _options.Interval : LongestPauseAfterFailure;
                SnapshotLog.Failed(_root.Logger, pause, error);
            }

            await Task.Delay(pause, _root.TimeProvider, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
