using System.Numerics;

namespace HybridStore.Tests.Model.Partitions;

/// <summary>A set of transaction ids 0 to 7.</summary>
internal readonly record struct XidSet(byte Bits)
{
    public static XidSet Empty => default;

    public bool IsEmpty => Bits == 0;

    public int Count => BitOperations.PopCount(Bits);

    /// <summary>Of a set that is not empty.</summary>
    public byte Smallest => (byte)BitOperations.TrailingZeroCount(Bits);

    public bool Contains(int xid) => (Bits >> xid & 1) != 0;

    public XidSet With(int xid) => new((byte)(Bits | 1 << xid));

    public XidSet Without(int xid) => new((byte)(Bits & ~(1 << xid)));

    public XidSet Or(XidSet other) => new((byte)(Bits | other.Bits));

    public XidSet Except(XidSet other) => new((byte)(Bits & ~other.Bits));
}
