using HybridStore.Fencing;
using HybridStore.IntegrationTests.Writing;
using Npgsql;

namespace HybridStore.IntegrationTests.Exploring;

/// <summary>A COMMIT that is written and that nobody can see yet: it waits for a standby that does not exist. Whoever reads the log ahead of
/// it, as logical replication does, knows of it.</summary>
internal static class UnseenCommits
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static Scenario ReaderAndEarlyInvalidation() => new(
        "reader, a commit that hangs, and an invalidation ahead of it",
        stage =>
        {
            var hanging = new TaskCompletionSource<(int ProcessId, ulong Xid)>(TaskCreationOptions.RunContinuationsAsynchronously);
            var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var write = stage.Ledger.Begin(0);
            return
            [
                stage.Reader('R', stage.Rig.First),
                new Actor('W', "writer whose COMMIT hangs", actor => WriteAsync(stage, actor, write, hanging, ended.Task)),
                new Actor('I', "invalidation ahead of it", async _ =>
                {
                    var what = stage.ByKey with { TransactionId = (await hanging.Task).Xid };
                    var receipt = await stage.Rig.Second.Store.InvalidateAsync(what, Cancellation);
                    Assert.Equal(InvalidationStatus.Applied, receipt.Status);
                    stage.Ledger.Applied(write, what);
                }) { After = hanging.Task },
                new Actor('C', "the commit can be seen", async _ =>
                {
                    await using var command = stage.Rig.First.DataSource.CreateCommand("select pg_cancel_backend($1)");
                    command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = (await hanging.Task).ProcessId });
                    Assert.True((bool)(await command.ExecuteScalarAsync(Cancellation))!);

                    // Nobody looks before the writer has gone on.
                    stage.Ledger.Committed(write);
                    ended.SetResult();
                }) { After = hanging.Task },
            ];
        })
    {
        Passes = new HashSet<ProtocolStep> { ProtocolStep.Join, ProtocolStep.Detach },
    };

    private static async Task WriteAsync(
        Stage stage, Actor actor, Ledger.Write write, TaskCompletionSource<(int ProcessId, ulong Xid)> hanging, Task ended)
    {
        var begun = new TaskCompletionSource<(int ProcessId, ulong Xid)>(TaskCreationOptions.RunContinuationsAsynchronously);
        var writing = stage.Rig.First.Store.WriteAsync(
            async (context, token) =>
            {
                await context.ExecuteAsync("set local synchronous_commit = on", cancellationToken: token);
                await context.ExecuteAsync(stage.UpdateOf(write), cancellationToken: token);
                context.Invalidate(stage.Item.Key);
                var xid = await context.ExecuteScalarAsync<ulong>("select pg_current_xact_id()", cancellationToken: token);
                begun.SetResult((context.Connection.ProcessID, xid));
            },
            cancellationToken: Cancellation);
        var process = await begun.Task;
        await Backend.UntilItWaitsAsync(stage.Rig.First.DataSource, process.ProcessId, "SyncRep");
        actor.WaitsFor(ended);
        hanging.SetResult(process);
        var receipt = await writing;
        Assert.Equal(InvalidationStatus.Applied, receipt.Status);
        stage.Ledger.Applied(write, stage.ByKey);
    }
}
