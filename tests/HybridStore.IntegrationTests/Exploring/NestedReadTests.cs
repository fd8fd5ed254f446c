namespace HybridStore.IntegrationTests.Exploring;

[Collection(nameof(Exploring))]
public sealed class NestedReadTests(ExploringFixture exploring)
{
    private Explorer Explorer => exploring.Explorer;

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public Task A_whole_whose_part_changes(bool wholeFirst, bool partIsCached) =>
        Explorer.AssertNothingStaleAsync(NestedScenarios.PartChanges(wholeFirst, partIsCached), Extent.EveryOrder);

    [Fact]
    public Task A_whole_whose_part_is_read_by_others_too() =>
        Explorer.AssertNothingStaleAsync(NestedScenarios.PartIsReadBeside(), Extent.SomeOfTooMany(75));
}
