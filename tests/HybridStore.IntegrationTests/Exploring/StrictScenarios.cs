using HybridStore.Fencing;
using HybridStore.IntegrationTests.Fencing;

namespace HybridStore.IntegrationTests.Exploring;

/// <summary>Strict writes: from COMMIT on nobody gets what was there before, whatever becomes of the writer.</summary>
internal static class StrictScenarios
{
    private static readonly HashSet<ProtocolStep> WithoutDetaching = [ProtocolStep.Join, ProtocolStep.Detach];

    /// <param name="path">How the reader loads.</param>
    /// <param name="sameInstance">Whether the writer is in the reader's.</param>
    /// <param name="byTag">Whether the tag is invalidated, and not the key.</param>
    /// <param name="isCachedBefore">Whether readers find an entry at first.</param>
    /// <param name="diesBefore">The last thing that the writer does not do any more; null: it lives.</param>
    /// <param name="isStrict">Whether it is strict, as it is expected to be in any case.</param>
    public static Scenario ReaderAndWriter(
        LoadPath path,
        bool sameInstance = false,
        bool byTag = false,
        bool isCachedBefore = false,
        Ending? diesBefore = null,
        bool isStrict = true) => new(
        $"reader ({path}){(isCachedBefore ? " of what is cached" : "")} and strict writer{(diesBefore is { } end ? $" who dies before {end}" : "")} "
            + $"of a {(byTag ? "tag" : "key")} in {(sameInstance ? "one instance" : "two instances")}",
        stage =>
        [
            stage.Reader('R', stage.Rig.First, path),
            Writer(
                stage, 'W', sameInstance ? stage.Rig.First : stage.Rig.Second, byTag ? stage.ByTag : stage.ByKey, diesBefore, isStrict),
        ])
        {
            Passes = WithoutDetaching,
            PrepareAsync = stage => isCachedBefore
                ? stage.ReadAsync(stage.Rig.First, stage.Item, stage.Item.Load(stage, stage.Rig.First))
                : Task.CompletedTask,
        };

    /// <summary>Two who write through one instance, and a reader in the other.</summary>
    public static Scenario ReaderAndTwoWriters() => new(
        "reader, and two strict writers of whom one dies",
        stage =>
        [
            stage.Reader('R', stage.Rig.First),
            Writer(stage, 'W', stage.Rig.Second, stage.ByKey, diesBefore: null, isStrict: true),
            Writer(stage, 'X', stage.Rig.Second, stage.ByTag, Ending.Invalidation, isStrict: true, row: 1),
        ])
    { Passes = WithoutDetaching };

    private static Actor Writer(
        Stage stage, char letter, StoreHost host, Invalidation names, Ending? diesBefore, bool isStrict, int row = 0)
    {
        Ledger.Write? write = null;
        var detachings = 0;
        void Reaching(ProtocolStep step)
        {
            // Running loads are detached before the fences are set, where it is strict, and again behind COMMIT.
            detachings += step == ProtocolStep.Detach ? 1 : 0;
            var isCommitted = detachings == (isStrict ? 2 : 1);
            if (isCommitted && step == ProtocolStep.Detach)
            {
                stage.Ledger.Committed(write!);
                stage.Ledger.Applied(write!, names);
            }

            if ((diesBefore == Ending.Commit && step == ProtocolStep.Commit)
                || (diesBefore == Ending.Invalidation && isCommitted))
            {
                throw new WriterDiedException();
            }
        }

        return new Actor(letter, "strict writer", async _ =>
        {
            write = stage.Ledger.Begin(row);
            try
            {
                var receipt = await host.Store.WriteAsync(
                    async (context, token) =>
                    {
                        await context.ExecuteAsync(stage.UpdateOf(write), cancellationToken: token);
                        names.Keys.ToList().ForEach(context.Invalidate);
                        names.Tags.ToList().ForEach(context.InvalidateTag);
                    },
                    new WriteOptions { Strict = isStrict },
                    TestContext.Current.CancellationToken);
                Assert.Equal(isStrict, receipt.IsStrict);
            }
            catch (WriterDiedException) when (diesBefore == Ending.Commit)
            {
                stage.Ledger.RolledBack(write);
            }
            catch (WriterDiedException) when (diesBefore is not null)
            {
                // Committed, and nobody is left to invalidate.
            }
        })
        { Reaching = Reaching };
    }

    /// <summary>What is left of a write to be done.</summary>
    internal enum Ending
    {
        Commit,
        Invalidation,
    }

    private sealed class WriterDiedException : Exception;
}
