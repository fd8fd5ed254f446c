namespace HybridStore.Realtime.Snapshots;

/// <summary>A field of a hash, or a member of a sorted set.</summary>
/// <param name="Field">Its name.</param>
/// <param name="Score">The score; null in hashes.</param>
/// <param name="Value">The value; of a board's member its arrival; null in other sorted sets.</param>
internal sealed record SnapshotEntry(byte[] Field, double? Score, byte[]? Value)
{
    /// <summary>Whether it is there no more.</summary>
    public bool IsRemoved => Score is null && Value is null;
}
