using System.IO.Hashing;

namespace HybridStore.Realtime.Snapshots;

/// <summary>A fingerprint of all that a structure holds, whatever the order it is read in.</summary>
internal static class EntryDigest
{
    /// <param name="entries">The entries; removed ones do not count.</param>
    /// <param name="expires">Whether the structure expires.</param>
    public static byte[] Of(IEnumerable<SnapshotEntry> entries, bool expires)
    {
        var (sum, count) = (UInt128.Zero, 0L);
        foreach (var entry in entries.Where(entry => !entry.IsRemoved))
        {
            var hash = new XxHash128();
            hash.Append(BitConverter.GetBytes(entry.Field.Length));
            hash.Append(entry.Field);
            hash.Append(BitConverter.GetBytes(entry.Score ?? 0));
            hash.Append(entry.Value.AsSpan());
            sum = unchecked(sum + hash.GetCurrentHashAsUInt128());
            count++;
        }

        return [.. BitConverter.GetBytes(sum), .. BitConverter.GetBytes(count), expires ? (byte)1 : (byte)0];
    }
}
