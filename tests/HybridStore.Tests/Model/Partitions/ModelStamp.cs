namespace HybridStore.Tests.Model.Partitions;

/// <summary>A snapshot, small enough to be part of a state.</summary>
internal readonly record struct ModelStamp(byte Xmin, byte Xmax, XidSet Running)
{
    /// <summary>What a session sees while these transactions run.</summary>
    public static ModelStamp Of(XidSet running, byte nextXid) =>
        new(running.IsEmpty ? nextXid : running.Smallest, nextXid, running);

    public bool Sees(int xid) => xid < Xmin || (xid < Xmax && !Running.Contains(xid));

    public bool Sees(XidSet xids)
    {
        for (XidSet rest = xids; !rest.IsEmpty; rest = rest.Without(rest.Smallest))
        {
            if (!Sees(rest.Smallest))
            {
                return false;
            }
        }

        return true;
    }
}
