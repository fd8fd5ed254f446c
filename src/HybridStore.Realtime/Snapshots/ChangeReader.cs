using System.Collections.Concurrent;

namespace HybridStore.Realtime.Snapshots;

/// <summary>Reads from Redis what marks say has changed.</summary>
internal static class ChangeReader
{
    private const int SideBySide = 16;
    private const int Scans = 3;

    /// <summary>Reads the structures of some marks: the marked fields of those that have a snapshot, all of the others. What Redis has lost is
    /// left out: it must not be taken for removed.</summary>
    /// <param name="kinds">The kinds, by letter. Marks of others are passed over.</param>
    /// <param name="marks">The marks.</param>
    /// <param name="transaction">Knows the last snapshots.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="RealtimeUnavailableException">Redis is away.</exception>
    public static async Task<List<ChangedStructure>> ReadAsync(
        IReadOnlyDictionary<char, SnapshotKind> kinds,
        IReadOnlyCollection<SnapshotMark> marks,
        SnapshotTransaction transaction,
        CancellationToken cancellationToken)
    {
        var structures = marks
            .Where(mark => kinds.ContainsKey(mark.Kind))
            .GroupBy(mark => (Kind: kinds[mark.Kind], mark.Name))
            .ToList();
        var known = await transaction.KnownAsync([.. structures.Select(structure => (structure.Key.Kind.Name, structure.Key.Name))], cancellationToken)
            .ConfigureAwait(false);
        var whole = structures.Where(IsWhole).Select(structure => structure.Key).ToList();

        // The connection serves one at a time, Redis many.
        var before = new Dictionary<(SnapshotKind, string), List<byte[]>>();
        foreach (var (kind, name) in whole)
        {
            before.Add((kind, name), await transaction.FieldsOfAsync(kind.Name, name, cancellationToken).ConfigureAwait(false));
        }

        var read = new ConcurrentBag<ChangedStructure>();
        await Parallel.ForEachAsync(
            structures,
            new ParallelOptions { MaxDegreeOfParallelism = SideBySide, CancellationToken = cancellationToken },
            async (structure, cancellation) =>
            {
                var (kind, name) = structure.Key;
                var changed = before.TryGetValue(structure.Key, out var fields)
                    ? await ReadWholeAsync(kind, name, fields, cancellation).ConfigureAwait(false)
                    : await ReadFieldsAsync(kind, name, structure, cancellation).ConfigureAwait(false);
                if (changed is not null)
                {
                    read.Add(changed);
                }
            }).ConfigureAwait(false);
        return [.. read];

        bool IsWhole(IGrouping<(SnapshotKind Kind, string Name), SnapshotMark> structure) =>
            !known.Contains((structure.Key.Kind.Name, structure.Key.Name)) || structure.Any(mark => mark.Scope == ChangeScope.Whole);
    }

    private static async Task<ChangedStructure?> ReadFieldsAsync(
        SnapshotKind kind, string name, IEnumerable<SnapshotMark> marks, CancellationToken cancellationToken)
    {
        var entries = new List<SnapshotEntry>();
        TimeSpan? left = null;

        // Once at least: a mark may be of the expiry alone.
        foreach (var chunk in marks.Where(mark => mark.Scope == ChangeScope.Field).Select(mark => mark.Field)
            .Chunk(SnapshotKind.ChunkSize).DefaultIfEmpty([]))
        {
            if (await kind.ReadAsync(name, chunk, cancellationToken).ConfigureAwait(false) is not { } reading)
            {
                return null;
            }

            left = reading.Left;
            entries.AddRange(reading.Entries);
        }

        return new ChangedStructure(kind.Name, name, left, Digest: null, entries);
    }

    private static async Task<ChangedStructure?> ReadWholeAsync(
        SnapshotKind kind, string name, List<byte[]> before, CancellationToken cancellationToken)
    {
        for (var scan = 1; scan <= Scans; scan++)
        {
            var incarnation = await kind.IncarnationOfAsync(name, cancellationToken).ConfigureAwait(false);
            if (incarnation is null || await kind.ReadAsync(name, [], cancellationToken).ConfigureAwait(false) is not { } reading)
            {
                return null;
            }

            var entries = await EntryDifference.OfAsync(kind.ScanAsync(name, cancellationToken), before).ConfigureAwait(false);
            if (await kind.IncarnationOfAsync(name, cancellationToken).ConfigureAwait(false) == incarnation)
            {
                return new ChangedStructure(kind.Name, name, reading.Left, Digest: null, entries);
            }
        }

        throw new RealtimeUnavailableException("snapshots", "Redis loses a structure or gets another while it is read. Try again later.", cause: null);
    }
}
