using HybridStore.Fencing;
using HybridStore.IntegrationTests.Fencing;

namespace HybridStore.IntegrationTests.Exploring;

/// <summary>Writes that store what they have written.</summary>
internal static class WriteThroughScenarios
{
    private static readonly HashSet<ProtocolStep> WithoutDetaching = [ProtocolStep.Join, ProtocolStep.Detach];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <param name="path">How the reader loads.</param>
    /// <param name="sameInstance">Whether the writer is in the reader's.</param>
    /// <param name="isCachedBefore">Whether readers find an entry at first.</param>
    /// <param name="isStrict">Whether the write is strict.</param>
    public static Scenario ReaderAndWriter(LoadPath path, bool sameInstance, bool isCachedBefore = false, bool isStrict = false) => new(
        $"reader ({path}){(isCachedBefore ? " of what is cached" : "")} and {(isStrict ? "strict " : "")}write-through "
            + $"in {(sameInstance ? "one instance" : "two instances")}",
        stage =>
        [
            stage.Reader('R', stage.Rig.First, path),
            stage.WriterThrough('W', sameInstance ? stage.Rig.First : stage.Rig.Second, 0, isStrict),
        ])
    {
        Passes = WithoutDetaching,
        PrepareAsync = stage => isCachedBefore
            ? stage.ReadAsync(stage.Rig.First, stage.Item, stage.Item.Load(stage, stage.Rig.First))
            : Task.CompletedTask,
    };

    /// <summary>Each writes a row of its own of the same item, and both store all of it. The lease may end, so that both hold it one after the
    /// other.</summary>
    public static Scenario TwoWriters(bool leaseEnds) => new(
        $"two write-throughs of one item{(leaseEnds ? ", and the lease ends" : "")}",
        stage =>
        [
            stage.WriterThrough('W', stage.Rig.First, 0),
            stage.WriterThrough('X', stage.Rig.Second, 1),
            .. leaseEnds ? [stage.LeaseEnd('E')] : Array.Empty<Actor>(),
        ])
    { Passes = WithoutDetaching };

    /// <summary>Another id is smaller or greater than the transaction's own, and is committed before its snapshot, behind it or behind its
    /// commit. One that was given out between the snapshot and its own is in no list of those in progress.</summary>
    /// <param name="byTag">Whether the other invalidates the tag, and not the key.</param>
    /// <param name="guardIsLost">Whether the guard gets lost.</param>
    public static Scenario OtherWriter(bool byTag = false, bool guardIsLost = false) => new(
        $"write-through, and another writer{(byTag ? " of a tag" : "")}{(guardIsLost ? ", and the guard is lost" : "")}",
        stage =>
        [
            stage.WriterThrough('W', stage.Rig.Second, 0),
            new Actor('X', "writer of 1", async actor =>
            {
                await using var write = await OpenLedgerWrite.BeginAsync(stage, actor, 1);
                await actor.PassAsync("commit");
                await write.CommitAsync();
                await write.InvalidateAsync(stage.Rig.First, byTag ? stage.ByTag : stage.ByKey);
            }),
            .. guardIsLost ? [stage.GuardLoss('G')] : Array.Empty<Actor>(),
        ])
    { Passes = WithoutDetaching };

    /// <summary>Writes a row, and stores the item.</summary>
    private static Actor WriterThrough(
        this Stage stage, char letter, StoreHost host, int row, bool isStrict = false)
    {
        Ledger.Write? write = null;
        void Applied()
        {
            stage.Ledger.Committed(write!);
            stage.Ledger.Applied(write!, stage.ByKey);
        }

        return new Actor(letter, $"write-through of {row} in {stage.Rig.NameOf(host)}", async actor =>
        {
            write = stage.Ledger.Begin(row);
            var receipt = await host.Store.WriteAsync(
                async (context, token) =>
                {
                    await actor.PassAsync("update");
                    await context.ExecuteAsync(stage.UpdateOf(write), cancellationToken: token);
                    await actor.PassAsync("read");
                    var value = await context.ExecuteScalarAsync<string>(stage.Item.Sql(stage.Rig), cancellationToken: token);
                    stage.Note($"sets {stage.Ledger.Text(stage.Item, Ledger.Parse(value!))}");
                    context.Set(stage.Item.Key, value!, tags: stage.Item.Tags);
                },
                new WriteOptions { WriteThrough = [stage.Item.Key], Strict = isStrict },
                Cancellation);
            Assert.Equal(InvalidationStatus.Applied, receipt.Status);
            Applied();
        })
        {
            Reaching = step =>
            {
                // By then it is committed and invalidated.
                if (step == ProtocolStep.Store)
                {
                    Applied();
                }
            },
        };
    }
}
