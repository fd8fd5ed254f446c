using HybridStore.Fencing;
using HybridStore.IntegrationTests.Fencing;

namespace HybridStore.IntegrationTests.Exploring;

/// <summary>Those who read a key and invalidate its tag.</summary>
internal static class TagScenarios
{
    private static readonly HashSet<ProtocolStep> WithoutDetaching = [ProtocolStep.Join, ProtocolStep.Detach];

    /// <param name="path">How the reader reads.</param>
    /// <param name="firstKnowsXid">Whether the first invalidation knows the xid of its write.</param>
    /// <param name="secondKnowsXid">The same of the second.</param>
    public static Scenario ReaderAndTwoInvalidations(LoadPath path, bool firstKnowsXid, bool secondKnowsXid) => new(
        $"reader ({path}) and two invalidations of its tag, {Knowing(firstKnowsXid)} and {Knowing(secondKnowsXid)}",
        stage =>
        [
            stage.Reader('R', stage.Rig.First, path),
            Writer(stage, 'V', 0, firstKnowsXid),
            Writer(stage, 'W', 1, secondKnowsXid),
        ])
    { Passes = WithoutDetaching };

    /// <summary>The tag has more members than one call visits: one. Two are there before anybody starts.</summary>
    public static Scenario InChunks() => new(
        "reader, and a tag of three members, one at a time",
        stage => [stage.Reader('R', stage.Rig.First), Writer(stage, 'W', 0, knowsXid: true)])
    {
        Passes = WithoutDetaching,
        PrepareAsync = async stage =>
        {
            stage.Items = [stage.Item, new Item(stage.KeyOf("a"), [stage.Tag], 0, 1), new Item(stage.KeyOf("z"), [stage.Tag], 0, 2)];
            foreach (var item in stage.Items.Skip(1))
            {
                await stage.ReadAsync(stage.Rig.First, item, item.Load(stage, stage.Rig.First));
            }
        },
        ScriptChange = text => text.Replace("local budget = tonumber(ARGV[7])", "local budget = 1", StringComparison.Ordinal),
    };

    /// <summary>The invalidation of a write comes twice, then that of the next one.</summary>
    public static Scenario Repeated() => new(
        "reader, an invalidation of its tag that is repeated, and another",
        stage =>
        [
            stage.Reader('R', stage.Rig.First),
            stage.Writer('V', 0, async write =>
            {
                await write.CommitAsync();
                await write.InvalidateAsync(stage.Rig.Second, stage.ByTag);
                await write.InvalidateAsync(stage.Rig.Second, stage.ByTag);
            }),
            Writer(stage, 'W', 1, knowsXid: true),
        ])
    { Passes = WithoutDetaching };

    /// <summary>The fence is forgotten before the load ends.</summary>
    public static Scenario FenceForgotten() => new(
        "reader, an invalidation of its tag, and FenceTtl passes",
        stage => [stage.Reader('R', stage.Rig.First), Writer(stage, 'W', 0, knowsXid: true), stage.FenceTtlPassing('F')])
    { Passes = WithoutDetaching };

    private static string Knowing(bool xid) => xid ? "with xid" : "without";

    private static Actor Writer(Stage stage, char letter, int row, bool knowsXid) => stage.Writer(letter, row, async write =>
    {
        await write.CommitAsync();
        await write.InvalidateAsync(stage.Rig.Second, stage.ByTag, knowsXid);
    });
}
