using CsCheck;
using HybridStore.Fencing;

namespace HybridStore.Tests.Fencing;

public class SnapshotStampTests
{
    // Small ids, so that boundaries and collisions come up often; lists past the header's 32.
    private static readonly Gen<SnapshotStamp> Stamps =
        Gen.Select(Gen.ULong[1, 60], Gen.ULong[0, 100], Gen.ULong[0, 99].HashSet[0, 70]).Select((xmin, span, offsets) =>
            new SnapshotStamp(xmin, xmin + span, [.. offsets.Where(offset => offset < span).Order().Select(offset => xmin + offset)]));

    private static readonly ulong[] Ids = [.. Enumerable.Range(0, 170).Select(id => (ulong)id)];

    [Fact]
    public void Sees_what_the_definition_calls_visible() => Stamps.Sample(stamp =>
    {
        ulong[] xip = stamp.Xip.ToArray();
        Assert.All(Ids, x => Assert.Equal(x < stamp.Xmin || (x < stamp.Xmax && !xip.Contains(x)), stamp.Sees(x)));
    });

    [Fact]
    public void Meet_sees_exactly_what_both_see() => Gen.Select(Stamps, Stamps).Sample((a, b) =>
    {
        SnapshotStamp meet = SnapshotStamp.Meet(a, b);
        Assert.True(SnapshotStamp.IsConsistent(meet.Xmin, meet.Xmax, meet.Xip));
        Assert.Equal(meet, SnapshotStamp.Meet(b, a));
        Assert.All(Ids, x => Assert.Equal(a.Sees(x) && b.Sees(x), meet.Sees(x)));
    });

    [Fact]
    public void Meet_with_itself_changes_nothing() =>
        Stamps.Sample(stamp => Assert.Equal(stamp, SnapshotStamp.Meet(stamp, SnapshotStamp.Parse(stamp.ToString()))));

    [Fact]
    public void With_its_own_id_a_transaction_sees_that_and_nothing_more() => Gen.Select(Stamps, Gen.ULong[1, 169]).Sample((stamp, own) =>
    {
        SnapshotStamp withOwn = stamp.WithOwn(own)!;
        Assert.True(SnapshotStamp.IsConsistent(withOwn.Xmin, withOwn.Xmax, withOwn.Xip));
        Assert.All(Ids, x => Assert.Equal(x == own || stamp.Sees(x), withOwn.Sees(x)));
    });

    [Theory]
    [InlineData(1_020UL, true)]
    [InlineData(1_021UL, false)]
    public void Too_many_ids_before_its_own_make_no_stamp(ulong own, bool isOne) =>
        Assert.Equal(isOne, SnapshotStamp.Parse("10:20:12").WithOwn(own) is not null);

    [Fact]
    public void Header_form_holds_32_ids_and_sees_nothing_more() => Stamps.Sample(stamp =>
    {
        SnapshotStamp header = stamp.ForHeader();
        ulong[] xip = stamp.Xip.ToArray();
        ulong end = xip.Length > 32 ? xip[32] : stamp.Xmax;
        Assert.True(SnapshotStamp.IsConsistent(header.Xmin, header.Xmax, header.Xip));
        Assert.Equal(Math.Min(xip.Length, 32), header.Xip.Length);
        Assert.All(Ids, x => Assert.Equal(stamp.Sees(x) && x < end, header.Sees(x)));
    });

    [Fact]
    public void Text_form_round_trips() =>
        Stamps.Sample(stamp => Assert.Equal(stamp, SnapshotStamp.Parse(stamp.ToString())));

    [Fact]
    public void Parsing_any_text_never_throws() => Gen.String[Gen.Char["0123456789:,- x"], 0, 40].Sample(text =>
    {
        bool parsed = SnapshotStamp.TryParse(text, out SnapshotStamp? stamp);
        Assert.Equal(parsed, stamp is not null);
    });

    [Theory]
    [InlineData("10:20:10,14,15")]
    [InlineData("795:795:")]
    [InlineData("18446744073709551614:18446744073709551615:18446744073709551614")]
    public void Reads_and_writes_the_form_of_pg_snapshot(string text) =>
        Assert.Equal(text, SnapshotStamp.Parse(text).ToString());

    [Theory]
    [InlineData("")]
    [InlineData("10")]
    [InlineData("10:20")]
    [InlineData("0:20:")]
    [InlineData("20:10:")]
    [InlineData("10:20:9")]
    [InlineData("10:20:20")]
    [InlineData("10:20:12,11")]
    [InlineData("10:20:11,11")]
    [InlineData("10:20:11,")]
    [InlineData("+10:20:")]
    [InlineData("10:20:11:12")]
    [InlineData("10:20:18446744073709551616")]
    public void Refuses_what_is_no_snapshot(string text)
    {
        Assert.False(SnapshotStamp.TryParse(text, out _));
        Assert.Throws<FormatException>(() => SnapshotStamp.Parse(text));
    }

    [Fact]
    public void A_parse_failure_shows_at_most_16_characters()
    {
        var exception = Assert.Throws<FormatException>(() => SnapshotStamp.Parse("abcdefghijklmnopqrstuvwxyz"));
        Assert.Contains("'abcdefghijklmnop'", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Refuses_inconsistent_parts()
    {
        Assert.Throws<ArgumentException>(() => new SnapshotStamp(0, 1));
        Assert.Throws<ArgumentException>(() => new SnapshotStamp(5, 4));
        Assert.Throws<ArgumentException>(() => new SnapshotStamp(5, 9, 7, 6));
    }

    [Fact]
    public void On_a_standby_only_what_lies_below_xmin_is_visible()
    {
        SnapshotStamp stamp = SnapshotStamp.OnStandby(42);
        Assert.Equal("42:42:", stamp.ToString());
        Assert.True(stamp.Sees(41));
        Assert.False(stamp.Sees(42));
    }

    [Fact]
    public void Equality_is_by_value()
    {
        Assert.Equal(new SnapshotStamp(5, 9, 6, 7), new SnapshotStamp(5, 9, 6, 7));
        Assert.Equal(new SnapshotStamp(5, 9, 6, 7).GetHashCode(), new SnapshotStamp(5, 9, 6, 7).GetHashCode());
        Assert.NotEqual(new SnapshotStamp(5, 9, 6, 7), new SnapshotStamp(5, 9, 6, 8));
        Assert.False(new SnapshotStamp(5, 9).Equals((object?)null));
    }
}
