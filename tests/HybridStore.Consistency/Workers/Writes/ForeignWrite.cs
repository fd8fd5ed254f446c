using HybridStore.Consistency.History;
using HybridStore.Consistency.Keys;
using Npgsql;

namespace HybridStore.Consistency.Workers.Writes;

/// <summary>A change past the store, that is invalidated afterwards, with the transaction's id or without.</summary>
internal sealed class ForeignWrite(
    IHybridStore store, NpgsqlDataSource dataSource, KeyLayout layout, OperationLog log, TokenBoard tokens, bool namesTransaction)
    : StoreWrite(store, log, tokens)
{
    public override async Task RunAsync(Random random)
    {
        var change = Change.Any(random, layout);
        var id = Log.Begin(namesTransaction ? OperationKind.ForeignNamed : OperationKind.Foreign, change.Names);
        if (await TryCommitAsync(change, id) is not { } transactionId)
        {
            return;
        }

        Log.Committed(id);
        try
        {
            Log.Invalidated(id, await Store.InvalidateAsync(new Invalidation
            {
                Keys = change.Names.Keys,
                Tags = change.Names.Tags,
                TransactionId = namesTransaction ? transactionId : null,
            }));
        }
        catch (Exception error)
        {
            Log.Failed(FailureRecord.Invalidation, error);
        }
    }

    private async Task<ulong?> TryCommitAsync(Change change, long id)
    {
        var sent = false;
        try
        {
            await using var connection = await dataSource.OpenConnectionAsync();
            await using var transaction = await connection.BeginTransactionAsync();
            await change.ApplyAsync(connection, id);
            await using var command = new NpgsqlCommand("select pg_current_xact_id()", connection);
            var transactionId = (ulong)(await command.ExecuteScalarAsync())!;
            sent = true;
            await transaction.CommitAsync();
            return transactionId;
        }
        catch (Exception error)
        {
            if (sent)
            {
                Log.OutcomeUnknown(id);
            }
            else
            {
                Log.RolledBackBy(id, error);
            }

            return null;
        }
    }
}
