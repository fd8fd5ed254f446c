using System.Runtime.ExceptionServices;
using HybridStore.Fencing;
using HybridStore.Postgres;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace HybridStore.Writing;

/// <summary>PostgreSQL first, then invalidate.</summary>
internal sealed class TransactionalWriter(
    PostgresGateway postgres, IInvalidator invalidator, StrictWriting strict, ILogger logger, ProtocolUnderTest? test = null)
{
    public async Task<WriteReceipt> WriteAsync(
        Func<WriteContext, CancellationToken, Task> write, WriteOptions options, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await AttemptAsync(write, options, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception error) when (attempt < options.MaxAttempts && ConflictOf(error) is { } conflict)
            {
                WritingLog.Repeating(logger, conflict.SqlState, attempt, options.MaxAttempts);
            }
        }
    }

    /// <summary>The conflict with another writer that ended a write, also inside another exception, as EF Core wraps it.</summary>
    private static PostgresException? ConflictOf(Exception error)
    {
        for (var cause = error; cause is not null and not CommitOutcomeUnknownException; cause = cause.InnerException)
        {
            if (cause is PostgresException
                {
                    SqlState: PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected,
                } conflict)
            {
                return conflict;
            }
        }

        return null;
    }

    private async Task<WriteReceipt> AttemptAsync(
        Func<WriteContext, CancellationToken, Task> write, WriteOptions options, CancellationToken cancellationToken)
    {
        var ending = new Ending();
        try
        {
            await RunAsync(write, options, ending, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (ending.Invalidation is not null)
        {
            // Only giving the connection back has failed. What COMMIT answered, or did not, stands.
            WritingLog.ReleaseFailed(logger, error);
        }

        // The connection is back in its pool before Redis is waited for.
        var receipt = await invalidator.InvalidateAsync(ending.Invalidation!, ending.Fence).ConfigureAwait(false);
        ending.EndedByCallback?.Throw();
        return ending.Unknown is { } unknown
            ? throw new CommitOutcomeUnknownException(receipt, unknown)
            : new WriteReceipt(ending.Fence?.TransactionId, receipt, ending.IsStrict);
    }

    private async Task RunAsync(
        Func<WriteContext, CancellationToken, Task> write,
        WriteOptions options,
        Ending ending,
        CancellationToken cancellationToken)
    {
        var connection = await postgres.DataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            // Disposed without a commit, the transaction is rolled back.
            var transaction = await connection.BeginTransactionAsync(options.IsolationLevel, cancellationToken).ConfigureAwait(false);
            await using (transaction.ConfigureAwait(false))
            {
                var context = new WriteContext(transaction);
                try
                {
                    await write(context, cancellationToken).ConfigureAwait(false);
                    cancellationToken.ThrowIfCancellationRequested();
                    Commit.ThrowIfImpossible(transaction, connection);
                }
                catch (Exception error) when (Commit.IsEndedByCallback(transaction, connection))
                {
                    // Against the rules, and perhaps committed: the cache must be right all the same.
                    ending.EndedByCallback = ExceptionDispatchInfo.Capture(error);
                    ending.Invalidation = context.Complete();
                    return;
                }

                await EndAsync(connection, context.Complete(), options, ending, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task EndAsync(
        NpgsqlConnection connection, Invalidation named, WriteOptions options, Ending ending, CancellationToken cancellationToken)
    {
        StrictFences? fences = null;
        if (strict.IsStrict(options))
        {
            fences = await StrictFences.SetAsync(
                connection, invalidator, named, strict.FenceTtl, strict.TimeProvider, cancellationToken).ConfigureAwait(false);
            if (!fences.HaveStood)
            {
                if (strict.Aborts(options))
                {
                    throw new FencesNotSetException();
                }

                WritingLog.FencesNotSet(logger);
            }
        }

        await test.PassAsync(ProtocolStep.Commit).ConfigureAwait(false);
        try
        {
            var commit = Commit.ExecuteAsync(connection);
            ending.Fence = fences is null ? await commit.ConfigureAwait(false) : await fences.KeepAsync(commit).ConfigureAwait(false);
            ending.IsStrict = fences is { HaveStood: true };
            ending.Invalidation = named;
        }
        catch (Exception error) when (!Commit.IsRefusal(error))
        {
            WritingLog.CommitOutcomeUnknown(logger, error);
            ending.Unknown = error;
            ending.Fence = fences?.Write;
            ending.Invalidation = named;
        }
        catch when (fences?.Write is not null)
        {
            // Rolled back. Loads without a stamp need not keep away any longer.
            await invalidator.TryFenceAsync(named, fences.Write.Value with { IsCommitted = true }).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>How a transaction ended, kept aside from what may still be thrown while it is put away.</summary>
    private sealed class Ending
    {
        /// <summary>Null unless it is, or may be, committed.</summary>
        public Invalidation? Invalidation { get; set; }

        /// <summary>The write, where its COMMIT has been answered or its fences were set before.</summary>
        public Fence? Fence { get; set; }

        /// <summary>Whether its fences stood before COMMIT and until the invalidation.</summary>
        public bool IsStrict { get; set; }

        /// <summary>What to throw where the callback has ended the transaction.</summary>
        public ExceptionDispatchInfo? EndedByCallback { get; set; }

        public Exception? Unknown { get; set; }
    }
}
