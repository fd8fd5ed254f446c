using HybridStore.Consistency.Checking;
using HybridStore.Consistency.History;
using static HybridStore.Tests.Consistency.HandWrittenHistory;

namespace HybridStore.Tests.Consistency;

/// <summary>What the soak's checker says of reads around invalidations.</summary>
public sealed class InvalidationCheckTests
{
    private readonly HandWrittenHistory _history = new();

    [Fact]
    public void An_old_value_after_its_key_was_invalidated_is_found()
    {
        _history.Write(10, OfKey("item:0"), committed: 20, applied: 20);
        _history.Read("item:0", 21, version: 0);

        _history.AssertFound(ViolationKind.StaleAfterKeyInvalidation);
    }

    [Fact]
    public void An_old_value_after_its_tag_was_invalidated_is_found()
    {
        _history.Write(10, OfTag, committed: 20, applied: 20);
        _history.Read("member:0", 21, version: 0);

        _history.AssertFound(ViolationKind.StaleAfterTagInvalidation);
    }

    [Fact]
    public void One_old_row_of_a_list_is_found()
    {
        _history.Write(10, OfTag, committed: 20, applied: 20, rows: [1]);
        _history.Write(30, OfTag, committed: 40, applied: 40, rows: [3]);
        _history.ReadAll("list:0", 41, 0, 1, 0, 0, 0);

        _history.AssertFound(ViolationKind.StaleAfterTagInvalidation);
    }

    [Theory]
    [InlineData(19)]
    [InlineData(20)]
    public void A_read_that_began_before_it_was_applied_may_be_old(long began)
    {
        _history.Write(10, OfKey("item:0"), committed: 20, applied: 20);
        _history.Read("item:0", began, version: 0);

        _history.AssertLegal();
    }

    [Fact]
    public void A_newer_value_than_the_invalidated_one_will_do()
    {
        _history.Write(10, OfKey("item:0"), committed: 20, applied: 20);
        _history.Write(30, OfKey("item:0"), committed: 40, applied: 40);
        _history.Read("item:0", 25, version: 2);
        _history.Read("item:0", 41, version: 2);

        _history.AssertLegal();
    }

    [Fact]
    public void An_older_write_whose_invalidation_comes_later_asks_for_nothing_more()
    {
        _history.Write(10, OfKey("item:0"), committed: 20, applied: 90, process: Second);
        _history.Write(30, OfKey("item:0"), committed: 40, applied: 40);
        _history.Read("item:0", 50, version: 1, process: 30_000);

        _history.AssertFound(ViolationKind.StaleAfterKeyInvalidation);
    }

    [Fact]
    public void What_a_write_has_not_named_may_be_old()
    {
        _history.Write(10, OfKey("item:0"), committed: 20, applied: 20);
        _history.Read("member:0", 21, version: 0);
        _history.ReadAll("list:0", 21, 0, 0, 0, 0, 0);

        _history.AssertLegal();
    }

    [Fact]
    public void A_pending_invalidation_asks_for_nothing_elsewhere()
    {
        _history.Write(10, OfKey("item:0"), committed: 20, invalidated: 20);
        _history.Read("item:0", 21, version: 0, process: Second);

        _history.AssertLegal();
    }

    [Fact]
    public void A_pending_invalidation_binds_its_own_process()
    {
        _history.Write(10, OfKey("item:0"), committed: 20, invalidated: 20);
        _history.Read("item:0", 21, version: 0, process: First);

        _history.AssertFound(ViolationKind.StaleInOwnProcess);
    }

    [Fact]
    public void A_pending_invalidation_that_was_applied_in_the_end_binds_all()
    {
        _history.Write(10, OfKey("item:0"), committed: 20, invalidated: 20, applied: 30);
        _history.Read("item:0", 25, version: 0);
        _history.Read("item:0", 31, version: 0);

        _history.AssertFound(ViolationKind.StaleAfterKeyInvalidation);
    }

    [Fact]
    public void A_killed_writer_leaves_the_old_value_behind()
    {
        _history.Write(10, OfKey("item:0"));
        _history.History.SeenAt[1] = 20;
        _history.Read("item:0", 30, version: 0);

        _history.AssertLegal();
    }

    [Fact]
    public void So_does_one_who_was_not_told_whether_his_commit_was_made()
    {
        var write = _history.Write(10, OfKey("item:0"), applied: 25);
        write.UnknownAt = 25;
        _history.Read("item:0", 30, version: 0);

        _history.AssertLegal();
    }

    [Fact]
    public void Where_the_answer_to_commit_was_seen_to_be_lost_its_invalidation_binds()
    {
        _history.Write(10, OfKey("item:0"), applied: 25).UnknownAt = 24;
        _history.LoseAnswer(15, 20);
        _history.Read("item:0", 30, version: 0);

        _history.AssertFound(ViolationKind.StaleAfterKeyInvalidation);
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(0, true)]
    [InlineData(2, false)]
    public void Unless_something_else_may_have_cut_it(int slot, bool isDoubtful)
    {
        _history.Write(10, OfKey("item:0"), applied: 25).UnknownAt = 24;
        _history.LoseAnswer(15, 20);
        _history.History.Disturbances.Add(new Disturbance("killed", 22, 23) { Slot = slot, CutsCommits = true });
        _history.Read("item:0", 30, version: 0);

        Assert.Equal(isDoubtful ? 0 : 1, _history.Check().Total);
    }

    [Fact]
    public void Or_it_may_be_another_writers()
    {
        _history.Write(10, OfKey("item:0"), applied: 25).UnknownAt = 24;
        _history.Write(11, OfKey("item:0"), applied: 26, rows: [1]).UnknownAt = 26;
        _history.LoseAnswer(15, 20);
        _history.Read("item:0", 30, version: 0);

        _history.AssertLegal();
    }

    [Fact]
    public void An_invalidation_without_a_change_binds_to_what_was_visible_when_it_began()
    {
        _history.Write(10, OfKey());
        _history.History.SeenAt[1] = 20;
        _history.Begin(OperationKind.Invalidation, 21, OfKey("item:0"), process: 30_000).AppliedAt = 30;
        _history.Read("item:0", 31, version: 0);

        _history.AssertFound(ViolationKind.StaleAfterKeyInvalidation);
    }

    [Fact]
    public void And_to_nothing_that_became_visible_later()
    {
        _history.Write(10, OfKey());
        _history.History.SeenAt[1] = 22;
        _history.Begin(OperationKind.Invalidation, 21, OfKey("item:0"), process: 30_000).AppliedAt = 30;
        _history.Read("item:0", 31, version: 0);

        _history.AssertLegal();
    }

    [Fact]
    public void A_flush_binds_every_key()
    {
        _history.Write(10, OfKey(), committed: 15);
        _history.Begin(OperationKind.Flush, 21, Names.OfEverything).AppliedAt = 30;
        _history.Read("item:0", 31, version: 0);

        _history.AssertFound(ViolationKind.StaleAfterFlush);
    }

    [Fact]
    public void A_page_may_be_as_old_as_the_list_that_it_is_built_from()
    {
        _history.Write(10, OfKey("page:0"), committed: 20, applied: 20);
        _history.ReadAll("page:0", 21, 0, 0, 0, 0, 0);

        _history.AssertLegal();
    }

    [Fact]
    public void A_page_is_stale_where_its_list_had_to_be_newer()
    {
        _history.Write(10, OfKey("page:0", "list:0"), committed: 20, applied: 20);
        _history.ReadAll("page:0", 21, 0, 0, 0, 0, 0);

        _history.AssertFound(ViolationKind.StaleAfterKeyInvalidation);
    }
}
