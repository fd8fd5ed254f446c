using HybridStore.Fencing;
using HybridStore.IntegrationTests.Fencing;

namespace HybridStore.IntegrationTests.Exploring;

/// <summary>Those who read and write one key.</summary>
internal static class Scenarios
{
    // An instance that loads nothing has nothing to detach: an invalidation there is one step.
    private static readonly HashSet<ProtocolStep> WithoutDetaching = [ProtocolStep.Join, ProtocolStep.Detach];

    public static Scenario ReaderAndWriter(bool sameInstance, LoadPath path) => new(
        $"reader ({path}) and writer in {Instances(sameInstance)}",
        stage =>
        [
            stage.Reader('R', stage.Rig.First, path),
            stage.Writer('W', sameInstance ? stage.Rig.First : stage.Rig.Second, 0, stage.ByKey),
        ]);

    public static Scenario TwoReadersAndWriter(bool sameInstance) => new(
        $"two readers in {Instances(sameInstance)} and a writer",
        stage =>
        [
            stage.Reader('R', stage.Rig.First),
            stage.Reader('S', sameInstance ? stage.Rig.First : stage.Rig.Second),
            stage.Writer('W', stage.Rig.First, 0, stage.ByKey),
        ]);

    /// <summary>Each writes a row of its own, so that they commit in any order, also against that of their ids.</summary>
    public static Scenario ReaderAndTwoWriters() => new(
        "reader and two writers",
        stage =>
        [
            stage.Reader('R', stage.Rig.First),
            stage.Writer('W', stage.Rig.First, 0, stage.ByKey),
            stage.Writer('X', stage.Rig.Second, 1, stage.ByTag),
        ])
    { Passes = WithoutDetaching };

    /// <summary>A reader begins when the invalidation has been applied, while a load of before may still run.</summary>
    public static Scenario LateReader(bool sameInstance, bool writesThere = false) => new(
        $"late reader in {Instances(sameInstance)}{(writesThere ? ", invalidated in the other" : "")}",
        stage =>
        {
            var applied = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return
            [
                stage.Reader('R', stage.Rig.First),
                stage.Writer('W', 0, async write =>
                {
                    await write.CommitAsync();
                    await write.InvalidateAsync(writesThere ? stage.Rig.Second : stage.Rig.First, stage.ByKey);
                    applied.SetResult();
                }),
                stage.Reader('L', sameInstance ? stage.Rig.First : stage.Rig.Second, after: applied.Task),
            ];
        })
    { Passes = new HashSet<ProtocolStep>() };

    public static Scenario GuardLost(LoadPath path = LoadPath.Query) => new(
        $"reader ({path}), writer, and the guard is lost",
        stage =>
        [
            stage.Reader('R', stage.Rig.First, path),
            stage.Writer('W', stage.Rig.Second, 0, stage.ByKey),
            stage.GuardLoss('G'),
        ]);

    public static Scenario LeaseTakenOver() => new(
        "two readers, a writer, and the lease ends",
        stage =>
        [
            stage.Reader('R', stage.Rig.First, LoadPath.Unstamped),
            stage.Reader('S', stage.Rig.Second, LoadPath.Unstamped),
            stage.Writer('W', stage.Rig.Second, 0, stage.ByKey),
            stage.LeaseEnd('E'),
        ])
    { Passes = WithoutDetaching };

    /// <summary>An invalidation comes before its commit, and none behind it.</summary>
    public static Scenario InvalidatedEarly(bool byTag) => new(
        $"reader, and a write whose {(byTag ? "tag" : "key")} is invalidated before its commit",
        stage =>
        [
            stage.Reader('R', stage.Rig.First),
            stage.Writer('W', 0, async write =>
            {
                await write.InvalidateAsync(stage.Rig.Second, byTag ? stage.ByTag : stage.ByKey);
                await write.CommitAsync();
            }),
        ])
    { Passes = WithoutDetaching };

    /// <summary>The same with later writes that are committed and invalidated before it.</summary>
    /// <param name="folded">Whether they are more than a guard remembers one by one.</param>
    public static Scenario OlderWriteCommitsLast(bool folded) => new(
        $"reader, and a write whose {(folded ? "folded " : "")}fence is the oldest and that commits last",
        stage =>
        [
            stage.Reader('R', stage.Rig.First),
            stage.Writer('W', 0, async write =>
            {
                await write.InvalidateAsync(stage.Rig.Second, stage.ByKey);
                foreach (var row in (int[])[1, 2])
                {
                    await stage.WriteAsync(row, stage.ByKey);
                }

                await write.CommitAsync();
            }),
        ])
    {
        Passes = WithoutDetaching,
        ScriptChange = folded ? text => text.Replace("tonumber(ARGV[5]) + 6", "2", StringComparison.Ordinal) : null,
    };

    /// <summary>Loads in a transaction whose snapshot is older than all writes.</summary>
    /// <param name="others">How many others read: one in the same instance, one in the other, which may hold the lease.</param>
    public static Scenario OldSnapshot(int others) => new(
        $"reader with an old snapshot, {others} more, and a writer",
        stage =>
        [
            OldSnapshots.Reader(stage, 'O', stage.Rig.First),
            .. ((Actor[])[stage.Reader('R', stage.Rig.First), stage.Reader('S', stage.Rig.Second)])[..others],
            stage.Writer('W', stage.Rig.Second, 0, stage.ByKey),
        ])
    { PrepareAsync = OldSnapshots.BeginAsync, Passes = WithoutDetaching };

    private static string Instances(bool same) => same ? "one instance" : "two instances";
}
