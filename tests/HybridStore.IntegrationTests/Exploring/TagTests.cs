using HybridStore.IntegrationTests.Fencing;

namespace HybridStore.IntegrationTests.Exploring;

[Collection(nameof(Exploring))]
public sealed class TagTests(ExploringFixture exploring)
{
    private Explorer Explorer => exploring.Explorer;

    [Theory]
    [InlineData(LoadPath.Query, true, false)]
    [InlineData(LoadPath.Query, true, true)]
    [InlineData(LoadPath.Query, false, false)]
    [InlineData(LoadPath.Unstamped, true, false)]
    public Task A_reader_and_two_invalidations_of_its_tag(LoadPath path, bool firstKnowsXid, bool secondKnowsXid) =>
        Explorer.AssertNothingStaleAsync(
            TagScenarios.ReaderAndTwoInvalidations(path, firstKnowsXid, secondKnowsXid), Extent.SomeOf(75));

    [Fact]
    public Task An_invalidation_that_comes_twice_and_the_next() =>
        Explorer.AssertNothingStaleAsync(TagScenarios.Repeated(), Extent.SomeOf(75));

    [Fact]
    public Task A_tag_set_that_takes_several_calls() =>
        Explorer.AssertNothingStaleAsync(TagScenarios.InChunks(), Extent.EveryOrder);

    [Fact]
    public Task The_fence_of_a_tag_is_forgotten() =>
        Explorer.AssertNothingStaleAsync(TagScenarios.FenceForgotten(), Extent.EveryOrder);
}
