using System.Threading.Channels;
using HybridStore.Realtime.Redis;
using HybridStore.Realtime.Registration;
using HybridStore.Redis;
using HybridStore.Resilience;
using Npgsql;
using StackExchange.Redis;

namespace HybridStore.Realtime.Snapshots;

/// <summary>The structures that the application writes itself: read whole, written where they have changed, and put back when Redis has been
/// reached and has lost them. Safe to use from any thread.</summary>
internal sealed class TrackedStructures : IAsyncDisposable
{
    private const int LongestField = 2000;
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(1);

    private readonly RealtimeRoot _root;
    private readonly RedisLink _link;
    private readonly string _prefix;
    private readonly SnapshotTable _table;
    private readonly SnapshotMetrics _metrics;
    private readonly TrackedCalls _calls;
    private readonly TrackedChanges _changes;
    private readonly BackgroundLoop _restoring;
    private readonly SemaphoreSlim _oneAtATime = new(1, 1);
    private readonly Channel<bool> _reached = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    private readonly Lock _lock = new();
    private readonly Dictionary<string, TrackedKey> _tracked = new(StringComparer.Ordinal);

    public TrackedStructures(RealtimeRoot root, RedisLink link, string prefix, SnapshotTable table, SnapshotMetrics metrics)
    {
        (_root, _link, _prefix, _table, _metrics) = (root, link, prefix, table, metrics);
        _calls = new TrackedCalls(link);
        _changes = new TrackedChanges(link, prefix, root.TimeProvider);
        _restoring = new BackgroundLoop(RestoreWhenReachedAsync);
    }

    private TrackedKey[] All
    {
        get
        {
            lock (_lock)
            {
                return [.. _tracked.Values];
            }
        }
    }

    public void Add(string key, SnapshotStructure structure)
    {
        TrackedKey.ThrowIfInvalid(key, structure);
        lock (_lock)
        {
            if (_tracked.TryGetValue(key, out var known) && known.Structure != structure)
            {
                throw new ArgumentException($"The key is tracked as a {known.Structure} already: track each key once.", nameof(key));
            }

            _tracked.TryAdd(key, new TrackedKey(_prefix, key, structure));
        }

        _reached.Writer.TryWrite(true);
    }

    public void Start()
    {
        _link.Restored += OnReached;
        _restoring.Start();
    }

    /// <summary>Writes what has changed, and puts back what is lost.</summary>
    public async Task WriteAsync(SnapshotRun run, TimeSpan? history, CancellationToken cancellationToken)
    {
        var all = All;
        if (all.Length == 0)
        {
            return;
        }

        await _oneAtATime.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var hearsOfChanges = await _changes.ListenAsync(all, cancellationToken).ConfigureAwait(false);
            foreach (var tracked in all)
            {
                await RestoreAsync(tracked, cancellationToken).ConfigureAwait(false);
                if (tracked.MayHaveChanged || !hearsOfChanges)
                {
                    await WriteAsync(tracked, run, history, cancellationToken).ConfigureAwait(false);
                }
            }
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    /// <returns>How many were put back.</returns>
    public async Task<int> RestoreAsync(CancellationToken cancellationToken)
    {
        await _oneAtATime.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var restored = 0;
            foreach (var tracked in All)
            {
                restored += await RestoreAsync(tracked, cancellationToken).ConfigureAwait(false) ? 1 : 0;
            }

            return restored;
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _link.Restored -= OnReached;
        await _restoring.DisposeAsync().ConfigureAwait(false);
    }

    private async Task WriteAsync(TrackedKey tracked, SnapshotRun run, TimeSpan? history, CancellationToken cancellationToken)
    {
        if (await _calls.TypeOfAsync(tracked, cancellationToken).ConfigureAwait(false) is var type
            && type != RedisType.None && type != tracked.Type)
        {
            SnapshotLog.NotAsTracked(_root.Logger, tracked.Structure, type);
            return;
        }

        var seen = await _calls.SeenAsync(tracked, cancellationToken).ConfigureAwait(false);

        // Before the reading: what changes from here on is heard of again.
        tracked.MayHaveChanged = false;
        try
        {
            var transaction = await _table.BeginAsync(history, cancellationToken).ConfigureAwait(false);
            await using (transaction.ConfigureAwait(false))
            {
                var left = await _calls.LeftOfAsync(tracked, cancellationToken).ConfigureAwait(false);
                var before = await transaction.FieldsOfAsync(tracked.Kind, tracked.Name, cancellationToken).ConfigureAwait(false);
                var entries = await EntryDifference.OfAsync(_calls.ScanAsync(tracked, cancellationToken), before).ConfigureAwait(false);
                if (seen.IsNull || seen != await _calls.SeenAsync(tracked, cancellationToken).ConfigureAwait(false))
                {
                    // Redis has lost its data since: what is missing was not removed, and is put back the next time.
                    tracked.MayHaveChanged = true;
                    return;
                }

                if (entries.Any(entry => entry.Field.Length > LongestField))
                {
                    SnapshotLog.FieldTooLong(_root.Logger, tracked.Structure, LongestField);
                    return;
                }

                var digest = EntryDigest.Of(entries, expires: left is not null);
                var digestBefore = await transaction.DigestOfAsync(tracked.Kind, tracked.Name, cancellationToken).ConfigureAwait(false);
                var isAsBefore = digest.AsSpan().SequenceEqual(digestBefore);
                if (!isAsBefore || left is not null)
                {
                    await run.WriteAsync(
                        transaction, [new ChangedStructure(tracked.Kind, tracked.Name, left, digest, isAsBefore ? [] : entries)], cancellationToken)
                        .ConfigureAwait(false);
                }
            }
        }
        catch
        {
            tracked.MayHaveChanged = true;
            throw;
        }
    }

    private async Task<bool> RestoreAsync(TrackedKey tracked, CancellationToken cancellationToken)
    {
        var type = await _calls.TypeOfAsync(tracked, cancellationToken).ConfigureAwait(false);
        var isSeen = !(await _calls.SeenAsync(tracked, cancellationToken).ConfigureAwait(false)).IsNull;

        // A server that evicts may have done so with the one and not with the other. Elsewhere the application has deleted it.
        var isLost = !isSeen
            || (type == RedisType.None && _link.Session?.Eviction is EvictionScope.Expiring or EvictionScope.Everything);
        if (!isLost || (type != RedisType.None && type != tracked.Type))
        {
            return false;
        }

        var count = 0;
        await _table.LoadAsync(
            tracked.Kind,
            tracked.Name,
            async (left, entries) =>
            {
                await _calls.RestoreAsync(tracked, left, entries, cancellationToken).ConfigureAwait(false);
                count += entries.Count;
            },
            cancellationToken).ConfigureAwait(false);
        await _calls.MarkSeenAsync(tracked, cancellationToken).ConfigureAwait(false);
        if (count == 0)
        {
            return false;
        }

        tracked.MayHaveChanged = true;
        _metrics.Restored(tracked.Kind);
        SnapshotLog.Restored(_root.Logger, tracked.Kind, count);
        return true;
    }

    private void OnReached()
    {
        foreach (var tracked in All)
        {
            // What happened meanwhile was not heard.
            tracked.MayHaveChanged = true;
        }

        _reached.Writer.TryWrite(true);
    }

    private async Task RestoreWhenReachedAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await _reached.Reader.ReadAsync(stopping).ConfigureAwait(false);
                await _link.Ready.WaitAsync(stopping).ConfigureAwait(false);
                await RestoreAsync(stopping).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error) when (error is RealtimeUnavailableException or NpgsqlException or TimeoutException)
            {
                SnapshotLog.NotRestored(_root.Logger, PauseAfterFailure, error);
                _reached.Writer.TryWrite(true);
                await Task.Delay(PauseAfterFailure, _root.TimeProvider, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }
}
