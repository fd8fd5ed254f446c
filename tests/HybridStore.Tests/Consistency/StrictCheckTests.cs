using HybridStore.Consistency.Checking;
using HybridStore.Consistency.History;
using static HybridStore.Tests.Consistency.HandWrittenHistory;

namespace HybridStore.Tests.Consistency;

/// <summary>What the soak's checker says of reads around strict writes.</summary>
public sealed class StrictCheckTests
{
    private readonly HandWrittenHistory _history = new();

    [Fact]
    public void An_old_value_after_a_killed_writers_commit_was_seen_is_found()
    {
        _history.Write(10, OfKey("item:0"), demand: StrictDemand.Abort);
        _history.History.SeenAt[1] = 20;
        _history.Read("item:0", 21, version: 0);

        _history.AssertFound(ViolationKind.StaleAfterStrictCommit);
    }

    [Fact]
    public void Another_reader_who_has_seen_it_is_proof_enough()
    {
        _history.Write(10, OfKey("item:0"), demand: StrictDemand.Abort);
        _history.Read("member:0", 15, version: 1);
        _history.Read("item:0", 17, version: 0);

        _history.AssertFound(ViolationKind.StaleAfterStrictCommit);
    }

    [Fact]
    public void And_so_is_a_later_version_of_another_of_its_rows()
    {
        _history.Write(10, OfKey("item:0"), demand: StrictDemand.Abort, rows: [0, 1]);
        _history.Write(12, OfKey(), committed: 15, rows: [1]);
        _history.Read("item:0", 16, version: 0);

        _history.AssertFound(ViolationKind.StaleAfterStrictCommit);
    }

    [Fact]
    public void A_receipt_that_says_strict_binds_before_the_invalidation_is_applied()
    {
        _history.Write(10, OfKey("item:0"), committed: 20, invalidated: 20, isStrict: true, demand: StrictDemand.Proceed);
        _history.Read("item:0", 21, version: 0);

        _history.AssertFound(ViolationKind.StaleAfterStrictCommit);
    }

    [Fact]
    public void Without_a_sign_that_it_was_visible_it_asks_for_nothing()
    {
        _history.Write(10, OfKey("item:0"), demand: StrictDemand.Abort);
        _history.Read("item:0", 21, version: 0);

        _history.AssertLegal();
    }

    [Fact]
    public void A_receipt_that_says_otherwise_asks_for_nothing()
    {
        _history.Write(10, OfKey("item:0"), committed: 20, invalidated: 20, isStrict: false, demand: StrictDemand.Proceed);
        _history.Read("item:0", 21, version: 0);

        _history.AssertLegal();
    }

    [Fact]
    public void Of_a_killed_writer_who_would_have_gone_on_without_fences_nothing_is_known()
    {
        _history.Write(10, OfKey("item:0"), demand: StrictDemand.Proceed);
        _history.History.SeenAt[1] = 20;
        _history.Read("item:0", 21, version: 0);

        _history.AssertLegal();
    }

    [Theory]
    [InlineData(5, 10, true)]
    [InlineData(15, 16, true)]
    [InlineData(20, 30, true)]
    [InlineData(5, 9, false)]
    [InlineData(21, 22, false)]
    public void Fences_that_redis_has_lost_before_the_commit_was_seen_protect_nothing(long from, long until, bool isLegal)
    {
        _history.Write(10, OfKey("item:0"), demand: StrictDemand.Abort);
        _history.History.SeenAt[1] = 20;
        _history.Disturb(from, until, losesFences: true);
        _history.Disturb(15, 16, losesFences: false);
        _history.Read("item:0", 40, version: 0);

        if (isLegal)
        {
            _history.AssertLegal();
        }
        else
        {
            _history.AssertFound(ViolationKind.StaleAfterStrictCommit);
        }
    }
}
