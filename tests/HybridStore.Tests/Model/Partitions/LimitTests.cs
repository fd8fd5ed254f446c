namespace HybridStore.Tests.Model.Partitions;

/// <summary>What the protocol does not protect from, whatever rules are in force: conditions of its promises.</summary>
public class LimitTests
{
    private static readonly WriterPlan Key = new(Targets.Key);

    [Fact]
    public void Unstamped_loads_must_not_run_on_a_standby() => AssertCounterexample.Of(
        ModelRun.Of(Scenario.Single.WithReaders(new ReaderPlan(Sources.Standby) { IsStamped = false })),
        PartitionModel.StaleAfterInvalidation,
        "w0 fence ; r0 lease ; r0 standby load 0 ; r0 store");

    [Fact]
    public void Invalidations_without_xid_do_not_bind_loads_on_a_standby() => AssertCounterexample.Of(
        ModelRun.Of(Scenario.Single.WithWriters(new WriterPlan(Targets.Both) { KnowsXid = false })
            .WithReaders(new ReaderPlan(Sources.Standby))),
        PartitionModel.StaleAfterInvalidation,
        "w0 fence ; r0 lease ; r0 standby load 0 ; r0 store");

    /// <summary>Fences have a time to live, so that every eviction policy but noeviction may take them.</summary>
    [Fact]
    public void Fences_of_tags_must_not_be_evicted() => AssertCounterexample.Of(
        ModelRun.Of(Scenario.Single with { TagFencesMayBeLost = true }),
        PartitionModel.StaleAfterInvalidation,
        "r0 load ; w0 commit ; w0 fence ; tag fences lost ; r0 store");

    [Fact]
    public void Guards_must_not_be_evicted_under_strict_writes() => AssertCounterexample.Of(
        ModelRun.Of(Scenario.Single.WithWriters(Key with { IsStrict = true }) with { GuardMayBeLost = true }),
        PartitionModel.StaleAfterCommit,
        "w0 strict fence ; guard lost ; r0 lease ; r0 load ; w0 commit ; r0 store");
}
