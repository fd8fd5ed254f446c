using HybridStore.Fencing;

namespace HybridStore.IntegrationTests.Exploring;

/// <summary>A value that is built on another cached value.</summary>
internal static class NestedScenarios
{
    /// <param name="wholeFirst">Whether the whole is invalidated before the part, each in a step of its own.</param>
    /// <param name="partIsCached">Whether the part is cached before anybody starts.</param>
    public static Scenario PartChanges(bool wholeFirst, bool partIsCached) => new(
        $"reader of a whole, {(partIsCached ? "cached part, " : "")}{(wholeFirst ? "whole" : "part")} invalidated first",
        stage =>
        {
            var (whole, part) = Build(stage);
            return
            [
                stage.Reader('R', stage.Rig.First, item: whole),
                Writer(stage, 'W', wholeFirst ? [whole, part] : [part, whole]),
            ];
        })
    {
        Passes = new HashSet<ProtocolStep> { ProtocolStep.Join, ProtocolStep.Detach },
        PrepareAsync = stage => partIsCached ? ReadPartAsync(stage) : Task.CompletedTask,
    };

    public static Scenario PartIsReadBeside() => new(
        "reader of a whole, reader of its part, and a writer",
        stage =>
        {
            var (whole, part) = Build(stage);
            return
            [
                stage.Reader('R', stage.Rig.First, item: whole),
                stage.Reader('P', stage.Rig.First, item: part),
                Writer(stage, 'W', [whole, part]),
            ];
        })
    { Passes = new HashSet<ProtocolStep> { ProtocolStep.Join } };

    private static (Item Whole, Item Part) Build(Stage stage)
    {
        var part = new Item(stage.KeyOf("part"), [], 1, 1);
        var whole = new Item(stage.KeyOf("whole"), [], 0, 1, part);
        stage.Items = [whole, part];
        return (whole, part);
    }

    private static async Task ReadPartAsync(Stage stage)
    {
        var part = stage.Item.Part!;
        await stage.ReadAsync(stage.Rig.First, part, part.Load(stage, stage.Rig.First));
    }

    private static Actor Writer(Stage stage, char letter, Item[] invalidated) => stage.Writer(letter, 1, async write =>
    {
        await write.CommitAsync();
        foreach (var item in invalidated)
        {
            await write.InvalidateAsync(stage.Rig.First, new Invalidation { Keys = [item.Key] });
        }
    });
}
