using HybridStore.IntegrationTests.Fencing;

namespace HybridStore.IntegrationTests.Exploring;

/// <summary>Those who read and write, and what befalls Redis.</summary>
internal static class Actors
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Reads through the store.</summary>
    public static Actor Reader(
        this Stage stage, char letter, StoreHost host, LoadPath path = LoadPath.Query, Item? item = null, Task? after = null)
    {
        var read = item ?? stage.Item;
        return new Actor(
            letter,
            $"reader of the {read.Key.Split(':')[0]} in {stage.Rig.NameOf(host)}",
            _ => stage.ReadAsync(host, read, read.Load(stage, host, path)))
        { After = after };
    }

    /// <summary>Reads all items at once.</summary>
    public static Actor BatchReader(this Stage stage, char letter, StoreHost host, bool backwards = false, Task? after = null) => new(
        letter,
        $"reader of many in {stage.Rig.NameOf(host)}",
        _ => stage.ReadManyAsync(host, backwards ? [.. stage.Items.Reverse()] : stage.Items))
    { After = after };

    /// <summary>Fills the cache with all items.</summary>
    public static Actor Warmer(this Stage stage, char letter, StoreHost host) => new(
        letter, $"warm-up in {stage.Rig.NameOf(host)}", _ => stage.WarmAsync(host, stage.Items));

    /// <summary>Writes through the store, which commits and then invalidates, knowing the xid.</summary>
    public static Actor Writer(this Stage stage, char letter, StoreHost host, int row, Invalidation names) => new(
        letter,
        $"writer of {row} in {stage.Rig.NameOf(host)}",
        async _ =>
        {
            var write = stage.Ledger.Begin(row);
            var receipt = await host.Store.WriteAsync(
                async (context, token) =>
                {
                    await context.ExecuteAsync(
                        "update explored set version = @Version where id = @Id",
                        new { write.Version, Id = stage.Rig.FirstRow + row },
                        token);
                    foreach (var key in names.Keys)
                    {
                        context.Invalidate(key);
                    }

                    foreach (var tag in names.Tags)
                    {
                        context.InvalidateTag(tag);
                    }
                },
                cancellationToken: Cancellation);
            Assert.Equal(InvalidationStatus.Applied, receipt.Status);
            stage.Ledger.Committed(write);
            stage.Ledger.Applied(write, names);
        });

    /// <summary>Writes past the store, and invalidates and commits in the order that it says.</summary>
    public static Actor Writer(this Stage stage, char letter, int row, Func<OpenLedgerWrite, Task> then) => new(
        letter,
        $"writer of {row}",
        async actor =>
        {
            await using var write = await OpenLedgerWrite.BeginAsync(stage, actor, row);
            await then(write);
        });

    /// <summary>Writes and commits past the store, and then invalidates everything, step by step.</summary>
    public static Actor FlushingWriter(this Stage stage, char letter, Func<Func<string, ValueTask>, Task> flush) => new(
        letter,
        "flush",
        async actor =>
        {
            var write = stage.Ledger.Begin(0);
            await using var open = await OpenWrite.BeginAsync(stage.Rig.First.DataSource, stage.UpdateOf(write));
            await open.CommitAsync();
            stage.Ledger.Committed(write);
            await actor.PassAsync("raise");
            await flush(actor.PassAsync);
            stage.Ledger.Applied(write, stage.ByBoth);
        });

    /// <summary>Does one thing when it is its turn.</summary>
    public static Actor Once(char letter, string what, Func<Task> done) => new(letter, what, _ => done());

    /// <summary>Redis loses the guard of the item: evicted, or never replicated.</summary>
    public static Actor GuardLoss(this Stage stage, char letter) => Once(
        letter, "the guard is lost", async () => await stage.Rig.Redis.KeyDeleteAsync(stage.Guard));

    /// <summary>The lease of the item has lasted its time, if somebody holds it.</summary>
    public static Actor LeaseEnd(this Stage stage, char letter) => Once(letter, "the lease ends", async () =>
    {
        if (await stage.Rig.Redis.HashExistsAsync(stage.Guard, "e"))
        {
            await stage.Rig.Redis.HashSetAsync(stage.Guard, "e", 1);
        }
    });

    /// <summary>A lease was granted so long ago that the tag's fences are forgotten.</summary>
    public static Actor FenceTtlPassing(this Stage stage, char letter) => Once(letter, "FenceTtl passes", async () =>
    {
        if (await stage.Rig.Redis.HashExistsAsync(stage.Guard, "a"))
        {
            await stage.Rig.Redis.HashSetAsync(stage.Guard, "a", 1);
        }

        await stage.Rig.Redis.KeyDeleteAsync(stage.TagFences);
    });

    /// <summary>Writes and commits in one step, and invalidates in another instance.</summary>
    public static async Task WriteAsync(this Stage stage, int row, Invalidation names)
    {
        var write = stage.Ledger.Begin(row);
        await using var open = await OpenWrite.BeginAsync(stage.Rig.First.DataSource, stage.UpdateOf(write));
        await open.CommitAsync();
        stage.Ledger.Committed(write);
        var invalidated = await stage.Rig.Second.Store.InvalidateAsync(names with { TransactionId = open.Xid }, Cancellation);
        Assert.Equal(InvalidationStatus.Applied, invalidated.Status);
        stage.Ledger.Applied(write, names);
    }
}
