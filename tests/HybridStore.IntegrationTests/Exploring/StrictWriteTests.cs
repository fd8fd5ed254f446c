using HybridStore.IntegrationTests.Fencing;

namespace HybridStore.IntegrationTests.Exploring;

/// <summary>From the COMMIT of a strict write on nobody gets what was there before, also if the writer dies before it can
/// invalidate.</summary>
[Collection(nameof(Exploring))]
public sealed class StrictWriteTests(ExploringFixture exploring)
{
    private Explorer Explorer => exploring.Explorer;

    [Theory]
    [InlineData(true, LoadPath.Query, false)]
    [InlineData(false, LoadPath.Query, false)]
    [InlineData(false, LoadPath.Query, true)]
    [InlineData(false, LoadPath.Unstamped, false)]
    [InlineData(false, LoadPath.Unstamped, true)]
    public Task A_reader_and_a_strict_writer(bool sameInstance, LoadPath path, bool byTag) =>
        Explorer.AssertNothingStaleAsync(StrictScenarios.ReaderAndWriter(path, sameInstance, byTag), Extent.EveryOrder);

    [Theory]
    [InlineData(true, false, false)]
    [InlineData(true, false, true)]
    [InlineData(false, false, false)]
    [InlineData(false, true, false)]
    [InlineData(false, true, true)]
    public Task The_writer_dies_between_COMMIT_and_invalidation(bool sameInstance, bool byTag, bool isCachedBefore) =>
        Explorer.AssertNothingStaleAsync(
            StrictScenarios.ReaderAndWriter(
                LoadPath.Query, sameInstance, byTag, isCachedBefore, StrictScenarios.Ending.Invalidation),
            Extent.EveryOrder);

    [Fact]
    public Task The_writer_dies_before_COMMIT_and_what_he_fenced_can_be_cached_again() =>
        Explorer.AssertNothingStaleAsync(
            StrictScenarios.ReaderAndWriter(LoadPath.Query, isCachedBefore: true, diesBefore: StrictScenarios.Ending.Commit),
            Extent.EveryOrder);

    [Fact]
    public Task Two_strict_writers_of_whom_one_dies() =>
        Explorer.AssertNothingStaleAsync(StrictScenarios.ReaderAndTwoWriters(), Extent.SomeOf(120));

    [Fact]
    public Task Left_out_the_fences_are_set_before_COMMIT() =>
        Explorer.AssertFoundAsync(StrictScenarios.ReaderAndWriter(
            LoadPath.Query, diesBefore: StrictScenarios.Ending.Invalidation, isStrict: false));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task Left_out_loads_without_a_stamp_keep_away_from_fences_that_were_set_before_COMMIT(bool byTag) =>
        Explorer.AssertFoundAsync(
            StrictScenarios.ReaderAndWriter(LoadPath.Unstamped, byTag: byTag), cutScript: CutScript.EarlyFences);
}
