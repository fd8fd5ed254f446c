using HybridStore.Fencing;

namespace HybridStore.Verifying;

/// <summary>What a load has brought for comparison.</summary>
/// <param name="Bytes">The value as its serializer writes it.</param>
/// <param name="Stamp">Its snapshot; null where it has none.</param>
internal sealed record ComparedLoad(byte[] Bytes, SnapshotStamp? Stamp)
{
    public bool IsSame(byte[] other) => Bytes.AsSpan().SequenceEqual(other);

    /// <summary>Whether it is another value although nothing had been committed since the other one's snapshot.</summary>
    public bool ContradictsOf(byte[] other, SnapshotStamp? stampOfOther) =>
        !IsSame(other) && Stamp is not null && stampOfOther is not null && Stamp.ForHeader().Equals(stampOfOther.ForHeader());
}
