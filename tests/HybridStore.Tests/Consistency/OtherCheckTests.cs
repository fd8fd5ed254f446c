using HybridStore.Consistency.Checking;
using HybridStore.Consistency.History;
using HybridStore.Consistency.Keys;
using static HybridStore.Tests.Consistency.HandWrittenHistory;

namespace HybridStore.Tests.Consistency;

/// <summary>What the soak's checker says of tokens, values and outcomes.</summary>
public sealed class OtherCheckTests
{
    private readonly HandWrittenHistory _history = new();

    [Fact]
    public void A_read_with_a_token_that_does_not_show_its_write_is_found()
    {
        _history.Write(10, OfKey(), committed: 20).Token = "token";
        _history.Read("member:0", 15, version: 0, token: "token");

        _history.AssertFound(ViolationKind.OlderThanToken);
    }

    [Fact]
    public void One_that_shows_it_or_a_later_one_is_legal()
    {
        _history.Write(10, OfKey(), committed: 20).Token = "token";
        _history.Write(30, OfKey(), committed: 40);
        _history.Read("member:0", 21, version: 1, token: "token");
        _history.Read("member:0", 41, version: 2, token: "token");
        _history.Read("member:0", 41, version: 0, token: "nobody's");
        _history.Read("member:0", 41, version: 0);

        _history.AssertLegal();
    }

    [Fact]
    public void A_read_past_the_cache_that_is_not_current_is_found()
    {
        _history.Write(10, OfKey(), committed: 20);
        _history.Read("item:0", 21, version: 0, pastCache: true);

        _history.AssertFound(ViolationKind.StalePastCache);
    }

    [Fact]
    public void A_value_that_nobody_has_committed_is_found()
    {
        _history.Write(10, OfKey(), committed: 20);
        _history.ReadOf(99, "item:0", 21, version: 1);

        _history.AssertFound(ViolationKind.NeverCommitted);
    }

    [Fact]
    public void So_is_a_version_that_does_not_exist()
    {
        _history.ReadOf(1, "item:0", 21, version: 1);

        _history.AssertFound(ViolationKind.NeverCommitted);
    }

    [Fact]
    public void A_list_that_shows_half_of_a_write_is_found()
    {
        _history.Write(10, OfKey(), committed: 20, rows: [1, 2]);
        _history.ReadAll("list:0", 15, 0, 1, 0, 0, 0);

        _history.AssertFound(ViolationKind.TornValue);
    }

    [Fact]
    public void So_is_one_that_lacks_a_row()
    {
        _history.ReadAll("list:0", 15, 0, 0, 0, 0);

        _history.AssertFound(ViolationKind.TornValue);
    }

    [Fact]
    public void Half_of_a_write_of_which_the_other_half_was_written_again_is_legal()
    {
        _history.Write(10, OfKey(), committed: 20, rows: [1, 2]);
        _history.Write(30, OfKey(), committed: 40, rows: [2]);
        _history.ReadAll("list:0", 45, 0, 1, 2, 0, 0);

        _history.AssertLegal();
    }

    [Fact]
    public void A_value_that_is_served_longer_than_it_may_live_is_found()
    {
        var past = Clock.Ticks(Lifetimes.OldestOf(SoakKey.Parse("item:0")));
        _history.Write(10, OfKey(), committed: 20);
        _history.Read("item:0", 21 + past, version: 0);
        _history.Read("item:0", 20 + past, version: 0);

        _history.AssertFound(ViolationKind.ServedTooLong);
    }

    [Fact]
    public void A_write_that_was_reported_as_rolled_back_and_is_there_is_found()
    {
        _history.Write(10, OfKey()).RolledBackAt = 20;

        _history.AssertFound(ViolationKind.RolledBackAndThere);
    }

    [Fact]
    public void A_write_that_was_reported_as_committed_and_is_not_there_is_found()
    {
        _history.Begin(OperationKind.Direct, 10, OfKey()).CommittedAt = 20;

        _history.AssertFound(ViolationKind.CommittedAndLost);
    }

    [Fact]
    public void Writes_of_which_nobody_knows_may_be_there_or_not()
    {
        _history.Write(10, OfKey()).UnknownAt = 20;
        _history.Begin(OperationKind.Direct, 30, OfKey()).UnknownAt = 40;
        _history.Begin(OperationKind.Direct, 50, OfKey()).RolledBackAt = 60;
        _history.Begin(OperationKind.Direct, 70, OfKey());

        _history.AssertLegal();
    }

    [Fact]
    public void A_request_that_failed_because_of_redis_is_found()
    {
        _history.History.Failures.Add(new FailureRecord(First, 10, "read", "RedisConnectionException"));
        _history.History.Failures.Add(new FailureRecord(First, 11, "read", "NpgsqlException/SocketException"));

        _history.AssertFound(ViolationKind.FailedBecauseOfRedis);
        Assert.Equal(3, _history.Check(Promises.OfHybridStoreUndisturbed).Total);
    }

    [Fact]
    public void An_invalidation_that_failed_is_found_whatever_the_reason()
    {
        _history.History.Failures.Add(new FailureRecord(First, 10, FailureRecord.Invalidation, "NpgsqlException"));
        _history.History.Failures.Add(new FailureRecord(First, 11, FailureRecord.Write, "NpgsqlException"));

        _history.AssertFound(ViolationKind.InvalidationFailed);
    }

    [Fact]
    public void Of_other_caches_only_that_is_asked_which_they_have_said_to_be_removed()
    {
        _history.Write(10, OfKey("item:0"), committed: 20, invalidated: 20, isStrict: true);
        _history.Read("item:0", 21, version: 0, process: First);
        Assert.Equal(0, _history.Check(Promises.OfAnyCache).Total);

        _history.Write(30, OfKey("item:0"), committed: 40, applied: 40);
        _history.Read("item:0", 41, version: 1);
        var verdict = _history.Check(Promises.OfAnyCache);

        Assert.Equal((1, 1), (verdict.Counts[ViolationKind.StaleAfterKeyInvalidation], verdict.StaleReads));
    }

    [Fact]
    public void A_database_whose_versions_do_not_follow_each_other_is_no_history()
    {
        _history.History.Committed.Add(new RowVersion(0, 2, 7));

        Assert.Throws<InvalidDataException>(() => _history.Check());
    }
}
