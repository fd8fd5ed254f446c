namespace HybridStore.Tests.Model.Partitions;

/// <summary>Each rule dropped alone: a stale value survives. The same scenario holds with the rule, so it is the rule that
/// protects it.
/// </summary>
public class DroppedRuleTests
{
    private const string Invalidated = PartitionModel.StaleAfterInvalidation;
    private const string Committed = PartitionModel.StaleAfterCommit;

    private static readonly ProtocolRules All = ProtocolRules.All;
    private static readonly WriterPlan Key = new(Targets.Key);
    private static readonly WriterPlan Strict = new() { IsStrict = true, MayDieAfterCommit = true };
    private static readonly ReaderPlan Standby = new(Sources.Standby);
    private static readonly ReaderPlan Unstamped = new() { IsStamped = false };

    [Fact]
    public void Rule_1_no_lease_and_no_stamp() => AssertNeeded(
        Scenario.Single.WithWriters(Key),
        All with { Leases = false, Stamps = false },
        Invalidated,
        "r0 load ; w0 commit ; w0 fence ; r0 store");

    [Fact]
    public void Rule_2_lease_but_no_stamp_on_a_standby() => AssertNeeded(
        Scenario.Single.WithWriters(Key).WithReaders(Standby),
        All with { Stamps = false },
        Invalidated,
        "w0 commit ; w0 fence ; r0 lease ; r0 standby load 0 ; r0 store");

    [Fact]
    public void Rule_3_stamp_but_no_lease_and_the_guard_lost() => AssertNeeded(
        Scenario.Single.WithWriters(Key) with { GuardMayBeLost = true },
        All with { Leases = false },
        Invalidated,
        "r0 load ; w0 commit ; w0 fence ; guard lost ; r0 store");

    [Fact]
    public void Rule_3_one_token_for_each_client_and_the_guard_lost() => AssertNeeded(
        Scenario.Pairs.WithWriters(Key) with { SecondWriter = null, GuardMayBeLost = true },
        All with { TokenPerLoad = false },
        Invalidated,
        "r0 load ; w0 commit ; w0 fence ; guard lost ; r1 lease ; r0 store");

    [Fact]
    public void Rule_3_one_token_for_each_client_and_no_stamp() => AssertNeeded(
        Scenario.Pairs.WithWriters(Key).WithReaders(Unstamped) with { SecondWriter = null },
        All with { TokenPerLoad = false },
        Invalidated,
        "r0 load ; w0 commit ; w0 fence ; r1 lease ; r0 store");

    [Fact]
    public void Rule_4_the_largest_fence_alone_compared_exactly() => AssertNeeded(
        Scenario.Pairs with { FenceCapacity = 0, SecondReader = null },
        All with { FloorComparedWithXmin = false },
        Invalidated,
        "w1 commit ; r0 stamp ; r0 load ; w0 commit ; r0 store");

    [Fact]
    public void Rule_5_fences_of_tags_not_checked() => AssertNeeded(
        Scenario.Single,
        All with { StoreChecksTags = false },
        Invalidated,
        "r0 load ; w0 commit ; w0 fence ; w0 chunk ; r0 store");

    [Fact]
    public void Rule_6_a_member_that_leaves_although_its_entry_stays() => AssertNeeded(
        Scenario.Pairs with { SecondReader = null },
        All with { MembersLeaveWithTheirEntries = false },
        Invalidated,
        "w0 commit ; r0 load ; w1 commit ; r0 store ; w0 chunk ; w1 fence ; w1 chunk");

    [Fact]
    public void Rule_7_the_empty_list_of_a_standby_believed() => AssertNeeded(
        Scenario.Single.WithReaders(Standby),
        All with { StandbyStampIsXminOnly = false },
        Invalidated,
        "r0 standby load 0 ; r0 store ; w0 chunk");

    [Fact]
    public void Rule_9_the_sequence_asked_for_unstamped_loads_only() => AssertNeeded(
        Scenario.Single.WithWriters(new WriterPlan { KnowsXid = false }),
        All with { SequenceChecksStampedLoads = false },
        Invalidated,
        "r0 load ; w0 commit ; w0 fence ; w0 chunk ; r0 store");

    [Fact]
    public void Rule_10_a_load_that_outlives_FenceTtl() => AssertNeeded(
        Scenario.Single with { FenceTtlMayPass = true },
        All with { NoStoreAfterFenceTtl = false },
        Invalidated,
        "r0 load ; w0 commit ; w0 fence ; FenceTtl passes ; r0 store");

    [Fact]
    public void Rule_13_an_unstamped_load_between_a_strict_fence_and_its_commit() => AssertNeeded(
        Scenario.Single.WithWriters(Strict).WithReaders(Unstamped),
        All with { PreCommitFencesRefuseUnstamped = false },
        Committed,
        "w0 strict fence ; r0 lease ; r0 load ; w0 commit ; r0 store");

    [Fact]
    public void A_stamp_taken_after_the_load() => AssertNeeded(
        Scenario.Single,
        All with { StampPrecedesLoad = false },
        Invalidated,
        "r0 load ; w0 commit ; w0 fence ; r0 stamp ; r0 store");

    [Fact]
    public void A_standby_stamp_compared_with_the_remembered_fences_only() => AssertNeeded(
        Scenario.Single.WithReaders(Standby) with { FenceTtlMayPass = true },
        All with { StandbyMustPassHigh = false },
        Invalidated,
        "w0 fence ; r0 lease ; r0 standby load 0 ; FenceTtl passes ; r0 store");

    [Fact]
    public void A_standby_stamp_and_a_lost_guard() => AssertNeeded(
        Scenario.Single.WithWriters(Key).WithReaders(Standby) with { GuardMayBeLost = true },
        All with { StandbyMustPassHigh = false },
        Invalidated,
        "w0 fence ; guard lost ; r0 lease ; r0 standby load 0 ; r0 store");

    [Fact]
    public void Strict_fences_not_renewed_while_commit_is_outstanding() => AssertNeeded(
        Scenario.Single.WithWriters(Strict) with { FenceTtlMayPass = true },
        All with { FencesRenewedUntilCommit = false },
        Committed,
        "w0 strict fence ; FenceTtl passes ; r0 load ; w0 commit ; r0 store");

    [Fact]
    public void A_load_begun_before_a_strict_commit_that_outlives_its_fence() => AssertNeeded(
        Scenario.Single.WithWriters(Strict) with { FenceTtlMayPass = true },
        All with { PreCommitFencesOutliveLoads = false },
        Committed,
        "w0 strict fence ; r0 lease ; r0 load ; w0 commit ; FenceTtl passes ; r0 store");

    private static void AssertNeeded(Scenario scenario, ProtocolRules rules, string violation, string essentials)
    {
        Assert.Null(ModelRun.Of(scenario).Violation);
        AssertCounterexample.Of(ModelRun.Of(scenario, rules), violation, essentials);
    }
}
