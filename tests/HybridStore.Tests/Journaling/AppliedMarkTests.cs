using CsCheck;
using HybridStore.Fencing;

namespace HybridStore.Tests.Journaling;

public sealed class AppliedMarkTests
{
    private static readonly Gen<SnapshotStamp> Snapshots = Gen.Select(Gen.ULong[1, 40], Gen.ULong[0, 20], Gen.ULong[0, 20].Array[0, 10]).Select(
        (xmin, width, offsets) => new SnapshotStamp(
            xmin,
            xmin + width,
            [.. offsets.Where(offset => offset < width).Distinct().Order().Select(offset => xmin + offset)]));

    private static readonly Gen<AppliedMark> Marks = Gen.Select(Gen.Long[0, long.MaxValue], Gen.Long[1, 1L << 50], Gen.Long[1, long.MaxValue], Snapshots)
        .Select((time, generation, boot, snapshot) => new AppliedMark(time, generation, new BootMark(boot), snapshot));

    [Fact]
    public void What_is_written_is_read_again() => Marks.Sample(mark =>
        AppliedMark.TryParse(mark.ToBytes(), out var read)
        && read == mark
        && AppliedMark.TryReadAge(mark.ToBytes(), out var time, out var generation)
        && (time, generation) == (mark.PostgresTime, mark.Generation));

    [Fact]
    public void Bytes_that_are_cut_off_or_appended_to_are_no_mark() => Gen.Select(Marks, Gen.Int[0, 200]).Sample((mark, length) =>
    {
        var bytes = mark.ToBytes();
        byte[] other = length < bytes.Length ? bytes[..length] : [.. bytes, .. new byte[1 + (length % 7)]];
        return !AppliedMark.TryParse(other, out _) && !AppliedMark.TryReadAge(other, out _, out _);
    });

    [Fact]
    public void Any_bytes_at_all_do_no_harm() => Gen.Byte.Array[0, 120].Sample(bytes =>
    {
        // Most are refused; what is taken is a snapshot.
        return !AppliedMark.TryParse(bytes, out var mark) || mark.Snapshot.Xmin <= mark.Snapshot.Xmax;
    });

    [Fact]
    public void A_mark_covers_a_snapshot_when_it_sees_all_that_the_snapshot_sees() => Gen.Select(Snapshots, Snapshots).Sample((marked, other) =>
    {
        var seesAll = Enumerable.Range(1, 70).All(id => !other.Sees((ulong)id) || marked.Sees((ulong)id));
        var covers = new AppliedMark(1, 1, BootMark.Unknown, marked).Covers(other);

        // It may be too careful about ids that nobody has been given; it is never too bold.
        return !covers || seesAll;
    });

    [Fact]
    public void A_later_snapshot_covers_an_earlier_one()
    {
        var earlier = new SnapshotStamp(10, 20, 10, 12);
        Assert.True(new AppliedMark(1, 1, BootMark.Unknown, new SnapshotStamp(12, 25, 12, 22)).Covers(earlier));
        Assert.True(new AppliedMark(1, 1, BootMark.Unknown, earlier).Covers(earlier));
        Assert.False(new AppliedMark(1, 1, BootMark.Unknown, new SnapshotStamp(11, 25, 11)).Covers(earlier));
        Assert.False(new AppliedMark(1, 1, BootMark.Unknown, new SnapshotStamp(10, 19, 10, 12)).Covers(earlier));
    }
}
