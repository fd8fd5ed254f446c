namespace HybridStore.IntegrationTests.Exploring;

[Collection(nameof(Exploring))]
public sealed class BatchTests(ExploringFixture exploring)
{
    private Explorer Explorer => exploring.Explorer;

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public Task A_reader_of_many_and_a_writer(bool sameInstance, bool byTag) =>
        Explorer.AssertNothingStaleAsync(BatchScenarios.BatchAndWriter(sameInstance, byTag), Extent.EveryOrder);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public Task Two_readers_of_many_and_a_writer(bool sameInstance) =>
        Explorer.AssertNothingStaleAsync(BatchScenarios.TwoBatchesAndWriter(sameInstance), Extent.SomeOf(75));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public Task A_reader_of_many_a_reader_of_one_and_a_writer(bool sameInstance) =>
        Explorer.AssertNothingStaleAsync(BatchScenarios.BatchReaderAndWriter(sameInstance), Extent.SomeOf(75));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public Task A_reader_of_many_who_begins_after_the_invalidation_while_an_older_load_runs(bool olderIsBatch) =>
        Explorer.AssertNothingStaleAsync(BatchScenarios.LateBatch(olderIsBatch), Extent.SomeOf(75));

    [Fact]
    public Task A_guard_is_lost_at_any_step() => Explorer.AssertNothingStaleAsync(BatchScenarios.GuardLost(), Extent.SomeOf(75));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public Task A_warm_up_and_a_writer(bool byTag) =>
        Explorer.AssertNothingStaleAsync(BatchScenarios.WarmerAndWriter(byTag), Extent.EveryOrder);

    [Fact]
    public Task A_warm_up_a_reader_of_many_and_a_writer() =>
        Explorer.AssertNothingStaleAsync(BatchScenarios.WarmerReaderAndWriter(), Extent.SomeOf(75));
}
