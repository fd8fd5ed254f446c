namespace HybridStore.Realtime.Snapshots;

/// <summary>All that a structure holds, and what it holds no more.</summary>
internal static class EntryDifference
{
    /// <param name="pages">What it holds; a field may come twice, then the later one counts.</param>
    /// <param name="before">The fields that it had.</param>
    public static async Task<IReadOnlyCollection<SnapshotEntry>> OfAsync(
        IAsyncEnumerable<List<SnapshotEntry>> pages, IEnumerable<byte[]> before)
    {
        var found = new Dictionary<byte[], SnapshotEntry>(BytesComparer.Instance);
        await foreach (var page in pages.ConfigureAwait(false))
        {
            foreach (var entry in page)
            {
                found[entry.Field] = entry;
            }
        }

        foreach (var field in before)
        {
            found.TryAdd(field, new SnapshotEntry(field, null, null));
        }

        return found.Values;
    }

    private sealed class BytesComparer : IEqualityComparer<byte[]>
    {
        public static readonly BytesComparer Instance = new();

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(byte[] obj)
        {
            var hash = default(HashCode);
            hash.AddBytes(obj);
            return hash.ToHashCode();
        }
    }
}
