using HybridStore.Fencing;

namespace HybridStore.Tests.Model.Partitions;

public class ModelStampTests
{
    [Fact]
    public void Sees_what_the_real_stamp_sees()
    {
        for (byte xmax = 1; xmax <= 7; xmax++)
        {
            for (int bits = 0; bits < 1 << xmax; bits += 2)
            {
                ModelStamp stamp = ModelStamp.Of(new XidSet((byte)bits), xmax);
                ulong[] running = [.. Enumerable.Range(1, xmax).Where(stamp.Running.Contains).Select(xid => (ulong)xid)];
                var real = new SnapshotStamp(stamp.Xmin, stamp.Xmax, running);
                Assert.All(Enumerable.Range(1, 7), xid => Assert.Equal(real.Sees((ulong)xid), stamp.Sees(xid)));
            }
        }
    }

    [Fact]
    public void Folds_the_smallest_fence_and_remembers_that_it_was_set_before_commit()
    {
        Fences fences = default(Fences).Add(1, isBeforeCommit: true, capacity: 1).Add(2, isBeforeCommit: false, capacity: 1);
        Assert.Equal(new Fences(XidSet.Empty.With(2), 1, XidSet.Empty.With(0)), fences);
    }
}
