using HybridStore.Fencing;

namespace HybridStore.IntegrationTests.Exploring;

/// <summary>Those who read or warm two keys at once, which have a row and a tag in common.</summary>
internal static class BatchScenarios
{
    private static readonly HashSet<ProtocolStep> WithoutDetaching = [ProtocolStep.Join, ProtocolStep.Detach];

    public static Scenario BatchAndWriter(bool sameInstance, bool byTag) => Of(
        $"reader of many, and a writer in {(sameInstance ? "its instance" : "another")} that names {(byTag ? "the tag" : "one key")}",
        stage =>
        [
            stage.BatchReader('R', stage.Rig.First),
            stage.Writer('W', sameInstance ? stage.Rig.First : stage.Rig.Second, 1, byTag ? stage.ByTag : stage.ByKeys()),
        ]);

    public static Scenario TwoBatchesAndWriter(bool sameInstance) => Of(
        $"two readers of many, one backwards, in {(sameInstance ? "one instance" : "two")}, and a writer",
        stage =>
        [
            stage.BatchReader('R', stage.Rig.First),
            stage.BatchReader('S', sameInstance ? stage.Rig.First : stage.Rig.Second, backwards: true),
            stage.Writer('W', stage.Rig.First, 1, stage.ByTag),
        ]);

    public static Scenario BatchReaderAndWriter(bool sameInstance) => Of(
        $"reader of many, a reader of one in {(sameInstance ? "its instance" : "another")}, and a writer",
        stage =>
        [
            stage.BatchReader('R', stage.Rig.First),
            stage.Reader('S', sameInstance ? stage.Rig.First : stage.Rig.Second),
            stage.Writer('W', stage.Rig.First, 1, stage.ByKeys()),
        ]);

    /// <summary>A reader of many begins when the invalidation has been applied, while a load of before may still run.</summary>
    public static Scenario LateBatch(bool olderIsBatch) => Of(
        $"late reader of many, behind {(olderIsBatch ? "another" : "a reader of one")}",
        stage =>
        {
            var applied = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return
            [
                olderIsBatch ? stage.BatchReader('R', stage.Rig.First) : stage.Reader('R', stage.Rig.First),
                stage.Writer('W', 1, async write =>
                {
                    await write.CommitAsync();
                    await write.InvalidateAsync(stage.Rig.Second, stage.ByKeys());
                    applied.SetResult();
                }),
                stage.BatchReader('L', stage.Rig.First, after: applied.Task),
            ];
        });

    public static Scenario GuardLost() => Of(
        "reader of many, writer, and a guard is lost",
        stage =>
        [
            stage.BatchReader('R', stage.Rig.First),
            stage.Writer('W', stage.Rig.Second, 1, stage.ByKeys()),
            stage.GuardLoss('G'),
        ]);

    public static Scenario WarmerAndWriter(bool byTag) => Of(
        $"warm-up, and a writer that names {(byTag ? "the tag" : "both keys")}",
        stage =>
        [
            stage.Warmer('R', stage.Rig.First),
            stage.Writer('W', stage.Rig.Second, 1, byTag ? stage.ByTag : stage.ByKeys()),
        ]);

    public static Scenario WarmerReaderAndWriter() => Of(
        "warm-up, a reader of many in another instance, and a writer",
        stage =>
        [
            stage.Warmer('R', stage.Rig.First),
            stage.BatchReader('S', stage.Rig.Second),
            stage.Writer('W', stage.Rig.First, 1, stage.ByKeys()),
        ]);

    private static Invalidation ByKeys(this Stage stage) => new() { Keys = [.. stage.Items.Select(item => item.Key)] };

    private static Scenario Of(string name, Func<Stage, IReadOnlyList<Actor>> actors) => new(name, stage =>
    {
        stage.Items = [stage.Item, new Item(stage.KeyOf("other"), [stage.Tag], 1, 1)];
        return actors(stage);
    })
    {
        Passes = WithoutDetaching,
    };
}
