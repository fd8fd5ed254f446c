using HybridStore.IntegrationTests.Fencing;

namespace HybridStore.IntegrationTests.Exploring;

[Collection(nameof(Exploring))]
public sealed class GenerationTests(ExploringFixture exploring)
{
    private Explorer Explorer => exploring.Explorer;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task Everything_is_invalidated_between_any_two_steps(bool isCachedBefore) =>
        Explorer.AssertNothingStaleAsync(GenerationScenarios.Flushed(isCachedBefore), Extent.SomeOf(100));

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public Task The_generation_is_raised_between_any_two_steps(bool byTag, bool isCachedBefore) =>
        Explorer.AssertNothingStaleAsync(GenerationScenarios.RaisedBesideWrite(byTag, isCachedBefore), Extent.SomeOfTooMany(75));

    [Fact]
    public Task Left_out_an_invalidation_removes_in_the_generations_where_others_still_read() => Explorer.AssertFoundAsync(
        GenerationScenarios.RaisedBesideWrite(byTag: false, isCachedBefore: true),
        cutScript: CutScript.EarlierGenerations,
        everyOrder: false);

    [Fact]
    public Task Left_out_an_invalidation_compares_its_generation_with_that_of_the_partition() => Explorer.AssertFoundAsync(
        GenerationScenarios.RaisedBesideWrite(byTag: false, isCachedBefore: false),
        cutScript: CutScript.GenerationOfInvalidations,
        everyOrder: false);
}
