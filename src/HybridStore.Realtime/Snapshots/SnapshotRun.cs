using System.Globalization;

namespace HybridStore.Realtime.Snapshots;

/// <summary>Takes one snapshot: batch by batch, each one transaction, so that what is written stays written whatever comes after.</summary>
internal sealed class SnapshotRun(SnapshotTable table, SnapshotOptions options, SnapshotMetrics metrics)
{
    private readonly HashSet<(string Kind, string Name)> _structures = [];
    private long _written;
    private long _removed;

    /// <summary>Null but in tests: awaited between the reading of a batch and its commit.</summary>
    public Func<Task>? BeforeCommit { get; init; }

    public SnapshotResult Result => new(_structures.Count, _written, _removed);

    /// <summary>Writes what marks say has changed.</summary>
    public async Task WriteMarkedAsync(IEnumerable<SnapshotKind> kinds, CancellationToken cancellationToken)
    {
        foreach (var scope in kinds.GroupBy(kind => (kind.Link, kind.Prefix)))
        {
            var byLetter = scope.ToDictionary(kind => kind.Letter);
            for (var partition = 0; partition < StructurePartition.Count; partition++)
            {
                var marks = new ChangeMarks(scope.Key.Link, scope.Key.Prefix, partition);
                for (var begins = true; await WriteBatchAsync(marks, byLetter, begins, cancellationToken).ConfigureAwait(false);)
                {
                    begins = false;
                }
            }
        }
    }

    /// <summary>Writes structures that were read by others.</summary>
    public async Task WriteAsync(SnapshotTransaction transaction, IReadOnlyCollection<ChangedStructure> changed, CancellationToken cancellationToken)
    {
        var (written, removed) = await transaction.WriteAsync(changed, cancellationToken).ConfigureAwait(false);
        if (BeforeCommit is not null)
        {
            await BeforeCommit().ConfigureAwait(false);
        }

        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        metrics.Wrote(written, removed);
        _structures.UnionWith(changed.Select(structure => (structure.Kind, structure.Name)));
        _written += written;
        _removed += removed;
    }

    /// <summary>False if nothing was there to be written.</summary>
    private async Task<bool> WriteBatchAsync(
        ChangeMarks waiting, Dictionary<char, SnapshotKind> kinds, bool begins, CancellationToken cancellationToken)
    {
        if (!await waiting.AnyAsync(begins, cancellationToken).ConfigureAwait(false))
        {
            return false;
        }

        var token = Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture);
        var transaction = await table.BeginAsync(options.History, cancellationToken).ConfigureAwait(false);
        await using (transaction.ConfigureAwait(false))
        {
            // Under the lock: two would read the same, and the one that has read first might write last.
            var marks = await waiting.TakeAsync(token, options.BatchSize, begins, cancellationToken).ConfigureAwait(false);
            var changed = await ChangeReader.ReadAsync(kinds, marks, transaction, cancellationToken).ConfigureAwait(false);
            await WriteAsync(transaction, changed, cancellationToken).ConfigureAwait(false);
        }

        // Committed: what is changed from the reading on has a mark of its own.
        await waiting.ForgetAsync(token, cancellationToken).ConfigureAwait(false);
        return true;
    }
}
