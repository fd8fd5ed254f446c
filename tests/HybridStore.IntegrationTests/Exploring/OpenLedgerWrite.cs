using HybridStore.Fencing;
using HybridStore.IntegrationTests.Fencing;

namespace HybridStore.IntegrationTests.Exploring;

/// <summary>A write whose transaction is open: each of what follows is a step of the actor.</summary>
internal sealed class OpenLedgerWrite : IAsyncDisposable
{
    private readonly Stage _stage;
    private readonly Actor _actor;
    private readonly Ledger.Write _write;
    private readonly OpenWrite _open;
    private bool _isFirst = true;

    private OpenLedgerWrite(Stage stage, Actor actor, Ledger.Write write, OpenWrite open) =>
        (_stage, _actor, _write, _open) = (stage, actor, write, open);

    public ulong Xid => _open.Xid;

    public static async Task<OpenLedgerWrite> BeginAsync(Stage stage, Actor actor, int row)
    {
        var write = stage.Ledger.Begin(row);
        var open = await OpenWrite.BeginAsync(stage.Rig.First.DataSource, stage.UpdateOf(write));
        stage.Note($"xid {open.Xid}");
        return new OpenLedgerWrite(stage, actor, write, open);
    }

    public async Task CommitAsync()
    {
        // Between the write and a commit that follows at once nobody sees anything.
        if (!_isFirst)
        {
            await _actor.PassAsync(ProtocolStep.Commit);
        }

        _isFirst = false;
        await _open.CommitAsync();
        _stage.Ledger.Committed(_write);
    }

    /// <summary>Invalidates, with the xid or as one who does not know it.</summary>
    public async Task InvalidateAsync(StoreHost host, Invalidation names, bool knowsXid = true)
    {
        _isFirst = false;
        var what = names with { TransactionId = knowsXid ? Xid : null };
        var receipt = await host.Store.InvalidateAsync(what, TestContext.Current.CancellationToken);
        Assert.Equal(InvalidationStatus.Applied, receipt.Status);
        _stage.Ledger.Applied(_write, what);
    }

    public ValueTask DisposeAsync() => _open.DisposeAsync();
}
