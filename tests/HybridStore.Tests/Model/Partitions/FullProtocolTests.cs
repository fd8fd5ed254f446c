using HybridStore.Tests.Model.Searching;

namespace HybridStore.Tests.Model.Partitions;

/// <summary>With every rule in force no order of steps leads to a stale hit. The numbers of states are pinned: a search that
/// shrinks has lost sight of something. The first five are also those of the reference.</summary>
public class FullProtocolTests
{
    private static readonly WriterPlan KeyAndTag = new(Targets.Both);
    private static readonly WriterPlan WithoutXid = new(Targets.Both) { KnowsXid = false };
    private static readonly WriterPlan Strict = new() { IsStrict = true, MayDieAfterCommit = true };
    private static readonly WriterPlan StrictBoth = Strict with { Targets = Targets.Both };
    private static readonly ReaderPlan Unstamped = new() { IsStamped = false };

    [Fact]
    public void Stamped_loads() => AssertHolds(224_027, Scenario.Pairs);

    [Fact]
    public void Unstamped_loads() => AssertHolds(238_287, Scenario.Pairs.WithReaders(Unstamped));

    [Fact]
    public void Loads_on_a_standby() => AssertHolds(
        36_739, Scenario.Pairs.WithReaders(new ReaderPlan(Sources.Standby)) with { StandbyReplaysInIdOrder = true });

    [Fact]
    public void Guard_lost() => AssertHolds(722_342, Scenario.Pairs with { GuardMayBeLost = true });

    [Fact]
    public void Strict_writers_that_may_die_after_their_commit() => AssertHolds(1_165_927, Scenario.Pairs.WithWriters(Strict));

    [Fact]
    public void Key_and_tag() => AssertHolds(215_467, Scenario.Pairs.WithWriters(KeyAndTag));

    [Fact]
    public void Key_alone_and_guard_lost() => AssertHolds(
        446_918, Scenario.Pairs.WithWriters(new WriterPlan(Targets.Key)) with { GuardMayBeLost = true });

    [Fact]
    public void Key_by_one_writer_and_tag_without_xid_by_the_other() => AssertHolds(
        191_542,
        Scenario.Pairs with { FirstWriter = new(Targets.Key), SecondWriter = new(Targets.Tag) { KnowsXid = false } });

    [Fact]
    public void Invalidations_without_xid_of_stamped_and_unstamped_loads() => AssertHolds(
        230_295, Scenario.Pairs.WithWriters(WithoutXid) with { SecondReader = Unstamped });

    [Fact]
    public void One_reader_stamped_and_one_not() => AssertHolds(
        223_287, Scenario.Pairs.WithWriters(KeyAndTag) with { SecondReader = Unstamped });

    [Fact]
    public void Early_refreshes() => AssertHolds(
        562_473, Scenario.Pairs.WithWriters(KeyAndTag).WithReaders(new ReaderPlan { RefreshesEarly = true }));

    [Fact]
    public void Primary_or_standby_while_FenceTtl_may_pass() => AssertHolds(
        7_202, Scenario.Pairs.WithReaders(new ReaderPlan(Sources.Either)) with { FenceTtlMayPass = true, SecondReader = null });

    [Fact]
    public void Two_loads_while_FenceTtl_may_pass() => AssertHolds(
        580_759, Scenario.Pairs with { FenceTtlMayPass = true, SecondReader = Unstamped });

    [Fact]
    public void Strict_writers_that_roll_back_or_die_while_FenceTtl_may_pass() => AssertHolds(
        44_199,
        Scenario.Pairs.WithWriters(StrictBoth with { MayRollBack = true }) with { FenceTtlMayPass = true, SecondReader = null });

    [Fact]
    public void Strict_writer_and_unstamped_loads() => AssertHolds(
        587_207, Scenario.Pairs.WithReaders(Unstamped) with { FirstWriter = StrictBoth });

    [Fact]
    public void Fences_that_are_all_folded_into_the_floor() => AssertHolds(
        225_805, Scenario.Pairs.WithWriters(KeyAndTag) with { FenceCapacity = 0 });

    [Fact]
    public void Fences_half_of_which_are_folded() => AssertHolds(
        11_737, Scenario.Pairs.WithWriters(Strict) with { FenceCapacity = 1, SecondReader = null });

    [Fact]
    public void Unstamped_loads_and_folded_fences_set_before_commit() => AssertHolds(
        8_753, Scenario.Pairs.WithWriters(Strict).WithReaders(Unstamped) with { FenceCapacity = 0, SecondReader = null });

    private static void AssertHolds(int states, Scenario scenario)
    {
        SearchResult result = ModelRun.Of(scenario);
        Assert.Null(result.Violation);
        Assert.Equal(states, result.States);
    }
}
