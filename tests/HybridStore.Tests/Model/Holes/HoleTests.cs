using HybridStore.Tests.Model.Searching;

namespace HybridStore.Tests.Model.Holes;

/// <summary>Holes that one partition with two readers does not show: each search holds with its rule and fails without it, after
/// as many states and by the trace that the reference found.</summary>
public class HoleTests
{
    private static readonly ProtocolRules All = ProtocolRules.All;

    [Fact]
    public void Rule_8_joiner_of_a_flight_older_than_itself()
    {
        AssertHolds(42, new JoinerModel(All));
        AssertFails(
            40,
            "P2: flight starts, lease ; P2: load old ; P1: commit x ; P1: InvalidateAsync returned ; "
                + "P2: a second reader arrives (after the invalidation) and joins ; P2: store refused",
            new JoinerModel(All with { JoinersAwaitVerdict = false }));
    }

    /// <summary>Not among the reference searches.</summary>
    [Fact]
    public void Rule_8_joiner_of_a_cache_read_older_than_itself()
    {
        Assert.Null(ModelRun.Of(new SharedCacheReadModel(All)).Violation);
        AssertCounterexample.Of(
            ModelRun.Of(new SharedCacheReadModel(All with { CacheReadsBeginAfterTheirReaders = false })),
            "reader that came after the invalidation got the old value",
            "first reader sends GET ; Redis answers ; invalidate x ; second reader comes ; the answer arrives");
    }

    [Fact]
    public void Rule_11_entry_made_of_another_cached_entry()
    {
        AssertHolds(44, new ComposedEntryModel(All));
        ProtocolRules dropped = All with { StampIsMeetOfInputs = false };
        const string Trace = "commit x (changes B) ; invalidate key A with x (A depends on B) ; miss A, lease ; stamp A (x visible) ; "
            + "loader of A reads B from the cache: OLD ; invalidate key B with x ; store A ok";
        AssertFails(51, Trace, new ComposedEntryModel(dropped));
        AssertFails(51, Trace, new ComposedEntryModel(dropped, keepsFreshEntries: false));
    }

    [Fact]
    public void Rule_12_generation_in_the_names_only()
    {
        AssertHolds(51, new GenerationModel(All));
        AssertFails(
            32,
            "generation raised to 1 ; A adopts 1 ; A commits y ; A invalidates in generation 1",
            new GenerationModel(All with { ScriptsCheckGeneration = false }));
    }

    [Fact]
    public void Rule_12_fences_that_a_raised_generation_forgets()
    {
        AssertHolds(25, new GenerationFenceModel(All));
        AssertFails(
            27,
            "strict fence x ; generation raised ; lease, load old ; COMMIT x (writer dies) ; store ok",
            new GenerationFenceModel(All with { FencesOutliveGeneration = false }));
    }

    [Fact]
    public void Rule_14_own_xid_that_shows_a_concurrent_smaller_one()
    {
        AssertHolds(53, new OwnXidStampModel(All));
        AssertFails(
            54,
            "X: lease, BEGIN, stamp S, reads the rows ; Y: write, xid 1 ; X: first write, xid 2 ; X: COMMIT ; Y: COMMIT ; "
                + "X: store with S+own xid ok ; Y: invalidate (kept)",
            new OwnXidStampModel(All with { OwnXidHidesConcurrentIds = false }));
    }

    [Fact]
    public void Rule_15_near_cache_filled_from_a_refused_store()
    {
        AssertHolds(11, new NearCacheModel(All));
        AssertFails(
            11,
            "strict: fence x, entry deleted, message pushed ; stripe noted, GET miss, lease ; load old ; COMMIT, writer dies ; "
                + "store refused, near cache filled",
            new NearCacheModel(All with { NearCacheTakesAcceptedOnly = false }));
    }

    [Fact]
    public void Rule_16_rank_as_cursor_over_a_set_that_shrinks()
    {
        AssertHolds(18, new ChunkCursorModel(All));
        AssertFails(
            17,
            "I1 chunk@0: a kept ; I2 chunk@0: a deleted ; I1 done",
            new ChunkCursorModel(All with { CursorIsScoreAndMember = false }));
    }

    [Fact]
    public void Invalidation_before_its_commit_is_visible()
    {
        AssertHolds(43, new EarlyInvalidationModel(All));
        AssertFails(
            48,
            "commit record in WAL (waits for sync standby) ; leader decodes x and applies it (not visible yet) ; FenceTtl passes ; "
                + "miss, lease ; load old ; commit becomes visible ; mark S (x visible in it) written ; store ok",
            new EarlyInvalidationModel(All with { EarlyInvalidationsRepeated = false }));
    }

    /// <summary>The reference counts two states more: it keeps the token of a load that is over.</summary>
    [Fact]
    public void Fallback_that_deletes_the_entry_before_the_lease()
    {
        AssertHolds(29, new FallbackOrderModel(All));
        AssertFails(
            29,
            "lease ; load old ; commit x ; UNLINK entry ; store ok ; HDEL lease",
            new FallbackOrderModel(All with { FallbackDropsLeaseFirst = false }));
    }

    [Fact]
    public void Strict_write_through_that_revokes_its_own_lease()
    {
        AssertHolds(5, new OwnLeaseModel(All));
        AssertFails(
            5,
            "write-through: lease ; own strict fence x before COMMIT ; COMMIT x ; store \"stamp plus own xid\" refused",
            new OwnLeaseModel(All with { OwnLeaseSpared = false }));
    }

    [Fact]
    public void Mark_compared_with_the_previous_mark_only()
    {
        AssertHolds(21, new AppliedMarkModel(All));
        AssertFails(
            19,
            "commit x ; leader applies x to partition (acknowledged) ; FAILOVER to the replica ; "
                + "mark: compare-and-set(S0 -> S1) succeeds",
            new AppliedMarkModel(All with { MarkDemandsApplyCounter = false }));
    }

    [Fact]
    public void Listener_that_sleeps_before_its_writers_have_ended()
    {
        AssertHolds(12, new ListenerSleepModel(All));
        AssertFails(
            14,
            "trigger of x runs: awake, no notify ; awake_until passes ; last poll finds nothing, listener sleeps ; x commits",
            new ListenerSleepModel(All with { SleepsAfterWritersEnded = false }));
    }

    private static void AssertHolds<TState>(int states, IModel<TState> model)
        where TState : struct, IEquatable<TState>
    {
        SearchResult result = ModelRun.Of(model);
        Assert.Null(result.Violation);
        Assert.Equal(states, result.States);
    }

    private static void AssertFails<TState>(int states, string trace, IModel<TState> model)
        where TState : struct, IEquatable<TState>
    {
        SearchResult result = ModelRun.Of(model);
        Assert.NotNull(result.Violation);
        Assert.Equal(trace, string.Join(" ; ", result.Trace));
        Assert.Equal(states, result.States);
    }
}
