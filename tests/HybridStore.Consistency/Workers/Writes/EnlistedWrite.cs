using System.Runtime.ExceptionServices;
using HybridStore.Consistency.History;
using HybridStore.Consistency.Keys;
using Npgsql;

namespace HybridStore.Consistency.Workers.Writes;

/// <summary>A transaction of the application's own that is taken in, and that a write joins.</summary>
internal sealed class EnlistedWrite(
    IHybridStore store, NpgsqlDataSource dataSource, KeyLayout layout, OperationLog log, TokenBoard tokens)
    : StoreWrite(store, log, tokens)
{
    public override async Task RunAsync(Random random)
    {
        var change = Change.Any(random, layout);
        var (own, joined) = (change.Part(..1, isFirst: true), change.Part(1.., isFirst: false));
        var isStrict = random.Next(4) == 0;
        var id = Log.Begin(OperationKind.Enlisted, change.Names, isStrict ? StrictDemand.Abort : StrictDemand.None);
        await CompleteAsync(id, change.Rows[0], async () =>
        {
            WriteReceipt? receipt = null;
            ExceptionDispatchInfo? unknown = null;
            try
            {
                await using var connection = await dataSource.OpenConnectionAsync();
                await using var transaction = await connection.BeginTransactionAsync();
                var write = Store.Enlist(
                    transaction, isStrict ? new WriteOptions { Strict = true, OnFenceFailure = OnFenceFailure.Abort } : null);
                await own.ApplyAsync(write, id, CancellationToken.None);
                await Store.WriteAsync((inner, token) => joined.ApplyAsync(inner, id, token));
                receipt = await CommitAsync(write);
            }
            catch (Exception) when (receipt is not null || unknown is not null)
            {
                // A connection that could not be given back says nothing about what COMMIT has answered.
            }

            unknown?.Throw();
            return receipt!;

            async Task<WriteReceipt?> CommitAsync(WriteContext write)
            {
                try
                {
                    return await write.CommitAsync();
                }
                catch (CommitOutcomeUnknownException error)
                {
                    unknown = ExceptionDispatchInfo.Capture(error);
                    return null;
                }
            }
        });
    }
}
