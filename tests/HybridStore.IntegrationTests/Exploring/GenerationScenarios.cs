using HybridStore.Fencing;
using HybridStore.Redis;
using HybridStore.Redis.Generations;

namespace HybridStore.IntegrationTests.Exploring;

/// <summary>The generation is raised between any two steps, by somebody whom neither instance knows: each learns of it when Redis tells
/// it, or when its last answer is a second old.</summary>
internal static class GenerationScenarios
{
    private static readonly HashSet<ProtocolStep> WithoutDetaching = [ProtocolStep.Join, ProtocolStep.Detach];

    /// <summary>Everything is invalidated after a commit that nothing else tells of: raised, and applied once a second has passed.</summary>
    public static Scenario Flushed(bool isCachedBefore) => new(
        $"two readers, and a flush{(isCachedBefore ? " of what is cached" : "")}",
        stage =>
        [
            stage.Reader('R', stage.Rig.First),
            stage.Reader('S', stage.Rig.Second),
            Flush(stage, 'F'),
        ])
    { PrepareAsync = isCachedBefore ? CacheAsync : _ => Task.CompletedTask, Passes = WithoutDetaching };

    /// <summary>A write is invalidated as ever, whoever has learned of the raise by then.</summary>
    /// <param name="byTag">Whether the tag is invalidated, and not the key.</param>
    /// <param name="isCachedBefore">Whether readers find an entry where the raise was not heard of. If not, they learn of it.</param>
    public static Scenario RaisedBesideWrite(bool byTag, bool isCachedBefore) => new(
        $"two readers, a writer who invalidates by {(byTag ? "tag" : "key")}, and a raise{(isCachedBefore ? " of what is cached" : "")}",
        stage =>
        [
            stage.Reader('R', stage.Rig.First),
            stage.Reader('S', stage.Rig.Second),
            stage.Writer('W', 0, async write =>
            {
                await write.CommitAsync();
                await write.InvalidateAsync(stage.Rig.Second, byTag ? stage.ByTag : stage.ByKey);
            }),
            Actors.Once('G', "the generation is raised", () => RaiseAsync(stage)),
        ])
    { PrepareAsync = isCachedBefore ? CacheAsync : _ => Task.CompletedTask, Passes = WithoutDetaching };

    private static Actor Flush(Stage stage, char letter) => stage.FlushingWriter(letter, async pass =>
    {
        await RaiseAsync(stage);
        await pass("a second passes");
        stage.Rig.Clock.Advance(GenerationRegister.ProofTime);
    });

    private static Task CacheAsync(Stage stage) => stage.ReadAsync(
        stage.Rig.First, stage.Item, stage.Item.Load(stage, stage.Rig.First));

    /// <summary>What one script does, past both instances.</summary>
    private static async Task RaiseAsync(Stage stage)
    {
        var session = stage.Rig.First.Root.Redis!.Session!;
        var elsewhere = session with
        {
            Generations = new GenerationRegister(session.Layout, TimeProvider.System),
            Questions = new PartitionQuestions(session.Layout.Partitions.Count),
        };
        var generations = new RedisGenerations(new RedisClock(TimeProvider.System), TimeProvider.System);
        Assert.True(await generations.RaiseAsync(elsewhere, floor: null, probing: false));
    }
}
