using HybridStore.Fencing;
using HybridStore.IntegrationTests.Fencing;

namespace HybridStore.IntegrationTests.Exploring;

/// <summary>What a write has stored is what it has written, and nothing that an applied invalidation was to remove.</summary>
[Collection(nameof(Exploring))]
public sealed class WriteThroughTests(ExploringFixture exploring)
{
    private Explorer Explorer => exploring.Explorer;

    [Theory]
    [InlineData(LoadPath.Query, false, false)]
    [InlineData(LoadPath.Query, true, false)]
    [InlineData(LoadPath.Query, false, true)]
    [InlineData(LoadPath.Unstamped, false, false)]
    public Task A_reader_and_a_writer(LoadPath path, bool sameInstance, bool isCachedBefore) => Explorer.AssertNothingStaleAsync(
        WriteThroughScenarios.ReaderAndWriter(path, sameInstance, isCachedBefore), Extent.EveryOrder);

    [Theory]
    [InlineData(LoadPath.Query)]
    [InlineData(LoadPath.Unstamped)]
    public Task A_reader_and_a_strict_writer(LoadPath path) => Explorer.AssertNothingStaleAsync(
        WriteThroughScenarios.ReaderAndWriter(path, sameInstance: false, isStrict: true), Extent.EveryOrder);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task Two_writers_of_one_key(bool leaseEnds) =>
        Explorer.AssertNothingStaleAsync(WriteThroughScenarios.TwoWriters(leaseEnds), Extent.SomeOfTooMany(150));

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public Task A_writer_beside_it_whose_id_is_smaller_or_greater(bool byTag, bool guardIsLost) =>
        Explorer.AssertNothingStaleAsync(WriteThroughScenarios.OtherWriter(byTag, guardIsLost), Extent.SomeOf(200));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task Left_out_the_ids_between_a_snapshot_and_its_transactions_own_stay_invisible(bool byTag) => Explorer.AssertFoundAsync(
        WriteThroughScenarios.OtherWriter(byTag), new ProtocolUnderTest { SmallerIdsStayInvisible = false }, everyOrder: false);

    [Fact]
    public Task Left_out_what_is_written_is_stored_under_its_lease_only() => Explorer.AssertFoundAsync(
        WriteThroughScenarios.OtherWriter(guardIsLost: true), cutScript: CutScript.Lease, everyOrder: false);
}
