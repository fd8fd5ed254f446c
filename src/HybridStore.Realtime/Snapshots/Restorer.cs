using System.Collections.Concurrent;
using HybridStore.Realtime.Registration;
using Npgsql;

namespace HybridStore.Realtime.Snapshots;

/// <summary>Puts what Redis has lost back before it is used. Safe to use from any thread.</summary>
/// <remarks>Instances need not agree who does it: each puts the structure together aside, and the first makes it the structure.</remarks>
internal sealed class Restorer(RealtimeRoot root, SnapshotTable table, SnapshotMetrics metrics) : IAsyncDisposable
{
    private const int Attempts = 3;
    private const int SideBySide = 8;

    /// <summary>How long it is known that a structure is not there at all. Whoever asks later makes one more query.</summary>
    private static readonly TimeSpan MemoryOfNothing = TimeSpan.FromMinutes(5);

    private readonly ConcurrentDictionary<(SnapshotKind Kind, string Name), Lazy<Task>> _underWay = new();

    // Of a Redis that has lost everything PostgreSQL is not to feel more.
    private readonly SemaphoreSlim _places = new(SideBySide, SideBySide);

    /// <summary>Restores a structure; whoever asks for the same meanwhile waits for the same.</summary>
    /// <exception cref="RealtimeUnavailableException">PostgreSQL or Redis is away. The structure is not taken for empty: what it held would
    /// be overwritten.</exception>
    public async Task RestoreAsync(SnapshotKind kind, string name, CancellationToken cancellationToken)
    {
        var restoring = _underWay.GetOrAdd(
            (kind, name), static (structure, restorer) => new Lazy<Task>(() => restorer.RunAsync(structure.Kind, structure.Name)), this);
        try
        {
            // Not ended by one of those who wait for it.
            await restoring.Value.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (error is NpgsqlException or TimeoutException)
        {
            throw new RealtimeUnavailableException(
                "snapshots",
                "Redis has lost what is asked for, and PostgreSQL, which may hold a snapshot of it, did not give it, for the reason that is the "
                + "cause of this exception. Try again later.",
                error);
        }
    }

    /// <summary>Waits for what is under way.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var restoring in _underWay.Values)
        {
            // Its outcome is that of its callers.
            await restoring.Value.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task RunAsync(SnapshotKind kind, string name)
    {
        // Beside the callers: this task is what all of them wait for.
        await Task.Yield();
        await _places.WaitAsync().ConfigureAwait(false);
        try
        {
            for (var attempt = 1; !await TryAsync(kind, name).ConfigureAwait(false); attempt++)
            {
                if (attempt == Attempts)
                {
                    throw new RealtimeUnavailableException("snapshots", "Redis loses what is being put back. Try again later.", cause: null);
                }
            }
        }
        finally
        {
            _places.Release();
            _underWay.TryRemove((kind, name), out _);
        }
    }

    private async Task<bool> TryAsync(SnapshotKind kind, string name)
    {
        var token = Guid.NewGuid().ToString("N");
        StagedEntries? staged = null;
        await table.LoadAsync(
            kind.Name,
            name,
            async (left, entries) =>
            {
                staged ??= new StagedEntries(left);
                if (entries.Count > 0)
                {
                    await kind.StageAsync(name, token, entries, CancellationToken.None).ConfigureAwait(false);
                    staged.Add(entries);
                }
            },
            CancellationToken.None).ConfigureAwait(false);
        var isEmpty = staged is not { Count: > 0 };
        var isThere = await kind.AdoptAsync(
            name, token, isEmpty ? new StagedEntries(MemoryOfNothing) : staged!, CancellationToken.None).ConfigureAwait(false);
        if (isThere && !isEmpty)
        {
            metrics.Restored(kind.Name);
            SnapshotLog.Restored(root.Logger, kind.Name, staged!.Count);
        }

        return isThere;
    }
}
