namespace HybridStore.Consistency.Workers.Writes;

/// <summary>A kind of write, with what all of them share: what comes out of one is written down.</summary>
internal abstract class StoreWrite(IHybridStore store, OperationLog log, TokenBoard tokens)
{
    protected IHybridStore Store => store;

    protected OperationLog Log => log;

    public abstract Task RunAsync(Random random);

    /// <summary>Runs a write of the store to its end. Whatever else it throws than that the outcome is unknown says that nothing is
    /// committed.</summary>
    protected async Task CompleteAsync(long id, int row, Func<Task<WriteReceipt>> write)
    {
        try
        {
            var receipt = await write();
            log.Returned(id, receipt);
            tokens.Leave(receipt.Token, row);
        }
        catch (CommitOutcomeUnknownException unknown)
        {
            log.OutcomeUnknown(id);
            log.Invalidated(id, unknown.Invalidation);
        }
        catch (Exception error) when (error is GivenUpException or FencesNotSetException)
        {
            log.RolledBack(id);
        }
        catch (Exception error)
        {
            log.RolledBackBy(id, error);
        }
    }
}

/// <summary>What a write throws that is to be rolled back.</summary>
internal sealed class GivenUpException : Exception;
