using HybridStore.Consistency.Checking;
using HybridStore.Consistency.History;
using static HybridStore.Tests.Consistency.HandWrittenHistory;

namespace HybridStore.Tests.Consistency;

/// <summary>What the soak's checker says of reads with a bound, and of what is cached at the end. Even rows are watched, odd ones are
/// not.</summary>
public sealed class BoundCheckTests
{
    private static readonly TimeSpan Bound = TimeSpan.FromMilliseconds(1);

    // What is committed at 20 has to be seen by who begins behind this.
    private static readonly long Due = 20 + Clock.Ticks(Bound);

    private readonly HandWrittenHistory _history = new(rows: 10);

    [Fact]
    public void A_bypass_that_was_committed_before_the_bound_and_is_not_seen_is_found()
    {
        _history.Write(10, Names.OfNothing, committed: 20, kind: OperationKind.Bypass);
        _history.Read("member:0", Due + 1, version: 0, bound: Bound);

        _history.AssertFound(ViolationKind.OlderThanBound);
    }

    [Fact]
    public void Within_the_bound_the_old_value_is_legal()
    {
        _history.Write(10, Names.OfNothing, committed: 20, kind: OperationKind.Bypass);
        _history.Read("item:0", Due, version: 0, bound: Bound);
        _history.Read("item:0", Due + 1, version: 1, bound: Bound);

        _history.AssertLegal();
    }

    [Fact]
    public void Without_a_bound_a_bypass_asks_for_nothing()
    {
        _history.Write(10, Names.OfNothing, committed: 20, kind: OperationKind.Bypass);
        _history.Read("item:0", Due + 1, version: 0);

        _history.AssertLegal();
    }

    [Fact]
    public void A_bypass_of_unknown_outcome_counts_from_when_it_was_seen()
    {
        _history.Write(10, Names.OfNothing, kind: OperationKind.Bypass).UnknownAt = 15;
        _history.History.SeenAt[1] = 20;
        _history.Read("item:0", Due, version: 0, bound: Bound);
        _history.AssertLegal();

        _history.Read("item:0", Due + 1, version: 0, bound: Bound);

        _history.AssertFound(ViolationKind.OlderThanBound);
    }

    [Fact]
    public void Watched_rows_count_whoever_has_changed_them_and_whatever_he_names()
    {
        _history.Write(10, OfKey(), committed: 20, rows: [2]);
        _history.Read("item:2", Due + 1, version: 0, row: 2, bound: Bound);

        _history.AssertFound(ViolationKind.OlderThanBound);
    }

    [Fact]
    public void A_write_of_what_is_not_watched_asks_for_nothing_unless_it_is_durable()
    {
        _history.Write(10, OfKey("item:1"), committed: 20, rows: [1]);
        _history.Read("item:1", Due + 1, version: 0, row: 1, bound: Bound);

        _history.AssertLegal();
    }

    [Fact]
    public void A_durable_write_of_a_killed_writer_that_is_not_seen_is_found()
    {
        _history.Write(10, OfKey("item:1"), kind: OperationKind.Durable, rows: [1]);
        _history.History.SeenAt[1] = 20;
        _history.Read("item:1", Due + 1, version: 0, row: 1, bound: Bound);

        _history.AssertFound(ViolationKind.OlderThanBound);
    }

    [Fact]
    public void It_asks_for_nothing_of_what_it_does_not_name()
    {
        _history.Write(10, OfKey("item:1"), committed: 20, kind: OperationKind.Durable, rows: [1]).Token = "token";
        _history.Read("member:1", Due + 1, version: 0, row: 1, bound: Bound);
        _history.Read("member:1", Due + 1, version: 0, row: 1, token: "token");

        _history.AssertLegal();
    }

    [Fact]
    public void What_it_names_has_to_be_shown_to_who_has_its_token()
    {
        _history.Write(10, OfKey("item:1"), committed: 20, kind: OperationKind.Durable, rows: [1]).Token = "token";
        _history.Read("item:1", 21, version: 0, row: 1, token: "token");

        _history.AssertFound(ViolationKind.OlderThanToken);
    }

    [Fact]
    public void So_has_every_key_of_a_watched_row()
    {
        _history.Write(10, OfKey("item:0"), committed: 20, kind: OperationKind.Durable).Token = "token";
        _history.Read("member:0", 21, version: 0, token: "token");

        _history.AssertFound(ViolationKind.OlderThanToken);
    }

    [Fact]
    public void What_is_cached_at_the_end_and_is_not_the_row_is_found()
    {
        _history.Write(10, Names.OfNothing, committed: 20, kind: OperationKind.Bypass);
        _history.Read("item:0", 30, version: 0, atEnd: true);

        _history.AssertFound(ViolationKind.UnequalAtEnd);
    }

    [Fact]
    public void At_the_end_the_row_is_legal_and_so_is_what_the_journal_was_not_told()
    {
        _history.Write(10, Names.OfNothing, committed: 20, kind: OperationKind.Bypass);
        _history.Write(11, OfKey("item:1"), committed: 21, rows: [1]);
        _history.Read("item:0", 30, version: 1, atEnd: true);
        _history.Read("item:1", 30, version: 0, row: 1, atEnd: true);

        _history.AssertLegal();
    }

    [Fact]
    public void Where_redis_has_gone_back_in_time_the_journal_alone_is_answerable()
    {
        _history.Disturb(30, 40, setsBack: true);
        _history.Write(10, OfKey("item:1"), committed: 20, applied: 20, rows: [1]);
        _history.Write(11, OfKey("item:3"), committed: 20, applied: 20, kind: OperationKind.Durable, rows: [3]);
        _history.Read("item:1", 50, version: 0, row: 1);
        _history.AssertLegal();

        _history.Read("item:3", Due + 1, version: 0, row: 3, bound: Bound);

        _history.AssertFound(ViolationKind.OlderThanBound);
    }

    [Fact]
    public void Before_that_everybody_is()
    {
        _history.Disturb(30, 40, setsBack: true);
        _history.Write(10, OfKey("item:1"), committed: 20, applied: 20, rows: [1]);
        _history.Read("item:1", 25, version: 0, row: 1);

        _history.AssertFound(ViolationKind.StaleAfterKeyInvalidation);
    }
}
