using HybridStore.Tests.Model.Searching;

namespace HybridStore.Tests.Model.Partitions;

/// <summary>The numbers of states and the traces that the searches behind the design found, which were written independently:
/// this model is the same one. Scenarios in which chunks fence guards are the earlier design.</summary>
public class ReferenceTests
{
    private static readonly Scenario Stamped = Scenario.Pairs with { ChunksFenceGuards = true };
    private static readonly Scenario Unstamped = Stamped.WithReaders(new ReaderPlan { IsStamped = false });
    private static readonly Scenario OnStandby =
        Stamped.WithReaders(new ReaderPlan(Sources.Standby)) with { StandbyReplaysInIdOrder = true };

    private static readonly Scenario Strict = Scenario.Pairs.WithWriters(new WriterPlan { IsStrict = true });
    private static readonly ProtocolRules All = ProtocolRules.All;

    [Fact]
    public void Stamped_loads() => AssertHolds(261_071, Stamped);

    [Fact]
    public void Unstamped_loads() => AssertHolds(268_943, Unstamped);

    [Fact]
    public void Standby_whose_snapshot_lists_what_runs() => AssertHolds(94_467, OnStandby with { StandbyListsRunning = true });

    [Fact]
    public void Standby_with_xmin_only() => AssertHolds(50_047, OnStandby);

    [Fact]
    public void Standby_with_an_empty_list() => AssertFails(
        2_403,
        "w0 begin ; w0 write ; w0 commit ; w0 fence ; w0 chunk ; r0 lease ; r0 standby load 0 ; r0 store",
        OnStandby,
        All with { StandbyStampIsXminOnly = false, StandbyMustPassHigh = false });

    [Fact]
    public void Members_that_leave_although_their_entry_stays() => AssertFails(
        66_684,
        "w0 begin ; w0 write ; w0 commit ; w0 fence ; w1 begin ; w1 write ; r0 lease ; r0 stamp ; r0 load ; w1 commit ; r0 store ; "
            + "w0 chunk ; w1 fence ; w1 chunk",
        Stamped,
        All with { MembersLeaveWithTheirEntries = false });

    [Fact]
    public void Stamped_loads_without_a_check_of_tags() => AssertFails(
        6_819,
        "w0 begin ; w0 write ; r0 lease ; r0 stamp ; r0 load ; w0 commit ; w0 fence ; w0 chunk ; r0 store",
        Stamped,
        All with { StoreChecksTags = false });

    [Fact]
    public void Unstamped_loads_without_a_check_of_tags() => AssertFails(
        6_815,
        "w0 begin ; w0 write ; r0 lease ; r0 stamp ; r0 load ; w0 commit ; w0 fence ; w0 chunk ; r0 store",
        Unstamped,
        All with { StoreChecksTags = false });

    [Fact]
    public void Unstamped_loads_under_strict_writes() => AssertFails(
        4_843,
        "w0 begin ; w0 write ; w0 strict fence ; w0 strict chunk ; r0 lease ; r0 stamp ; r0 load ; w0 commit ; r0 store",
        Strict.WithReaders(new ReaderPlan { IsStamped = false }) with { ChunksFenceGuards = true },
        All with { PreCommitFencesRefuseUnstamped = false });

    private static void AssertHolds(int states, Scenario scenario)
    {
        SearchResult result = ModelRun.Of(scenario);
        Assert.Null(result.Violation);
        Assert.Equal(states, result.States);
    }

    private static void AssertFails(int states, string trace, Scenario scenario, ProtocolRules rules)
    {
        SearchResult result = ModelRun.Of(scenario, rules);
        Assert.NotNull(result.Violation);
        Assert.Equal(trace, string.Join(" ; ", result.Trace));
        Assert.Equal(states, result.States);
    }
}
