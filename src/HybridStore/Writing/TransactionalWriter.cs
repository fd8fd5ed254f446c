using System.Runtime.ExceptionServices;
using HybridStore.Diagnostics;
using HybridStore.Fencing;
using HybridStore.Postgres;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace HybridStore.Writing;

/// <summary>PostgreSQL first, then invalidate.</summary>
internal sealed class TransactionalWriter(
    PostgresGateway postgres,
    IInvalidator invalidator,
    StrictWriting strict,
    DurableWriting durable,
    WriteThrough through,
    CurrentWrite current,
    WriteMetrics metrics,
    ILogger logger,
    ProtocolUnderTest? test = null)
{
    public Task<WriteReceipt> WriteAsync(
        Func<WriteContext, CancellationToken, Task> write, WriteOptions options, CancellationToken cancellationToken)
    {
        options = durable.Resolve(strict.Resolve(options));
        return !options.NewTransaction && current.Joinable is { } outer
            ? outer.JoinAsync(write, options, cancellationToken)
            : WriteAloneAsync(write, options, cancellationToken);
    }

    /// <summary>Takes in a transaction of the caller's own. Not asynchronous, so that its caller's flow runs in it from then on.</summary>
    public WriteContext Enlist(NpgsqlTransaction transaction, WriteOptions options)
    {
        if (options.WriteThrough.Count > 0)
        {
            throw new ArgumentException(
                "A transaction that has begun cannot write through: its snapshot may be older than the leases. Leave WriteThrough unset, and "
                + "invalidate the keys; or let WriteAsync begin the transaction.",
                nameof(options));
        }

        OpenWrite? open = null;
        var context = new WriteContext(
            transaction, new WrittenValues(through, []), cancellationToken => CommitAsync(open!, cancellationToken));
        open = new OpenWrite(context, durable.Resolve(strict.Resolve(options)), current.Joinable);
        current.Enter(open);
        return context;
    }

    private async Task<WriteReceipt> WriteAloneAsync(
        Func<WriteContext, CancellationToken, Task> write, WriteOptions options, CancellationToken cancellationToken)
    {
        var observed = metrics.BeginWrite();
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var receipt = await AttemptAsync(write, options, observed, cancellationToken).ConfigureAwait(false);
                observed.End(error: null);
                return receipt;
            }
            catch (Exception error) when (attempt < options.MaxAttempts && ConflictOf(error) is { } conflict)
            {
                WritingLog.Repeating(logger, conflict.SqlState, attempt, options.MaxAttempts);
            }
            catch (Exception error)
            {
                observed.End(error);
                throw;
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
        Func<WriteContext, CancellationToken, Task> write,
        WriteOptions options,
        WriteObservation observed,
        CancellationToken cancellationToken)
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
        catch
        {
            ending.Values?.Release();
            ending.Write?.EndRolledBack();
            throw;
        }

        // The connection is back in its pool before Redis is waited for.
        observed.Ended(ending.IsCertain);
        return await InvalidateAsync(ending).ConfigureAwait(false);
    }

    /// <summary>Commits a transaction of the caller's own.</summary>
    private async Task<WriteReceipt> CommitAsync(OpenWrite open, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var observed = metrics.BeginWrite();
        var ending = new Ending { Write = open };
        try
        {
            Commit.ThrowIfImpossible(open.Context);
            await EndAsync(ending, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            open.Context.Complete();
            open.EndRolledBack();
            observed.End(error);
            throw;
        }

        observed.Ended(ending.IsCertain);
        try
        {
            var receipt = await InvalidateAsync(ending).ConfigureAwait(false);
            observed.End(error: null);
            return receipt;
        }
        catch (CommitOutcomeUnknownException unknown)
        {
            observed.End(unknown);
            throw;
        }
    }

    /// <summary>What follows on a transaction that is, or may be, committed.</summary>
    private async Task<WriteReceipt> InvalidateAsync(Ending ending)
    {
        var leases = ending.IsCertain ? ending.Values?.LeasesInUse : null;
        var invalidating = invalidator.InvalidateAsync(ending.Invalidation!, ending.Fence, leases);
        if (leases is null)
        {
            ending.Values?.Release();
        }
        else
        {
            await StoreBehindAsync(invalidating, ending.Values!, ending.Fence).ConfigureAwait(false);
        }

        var invalidation = await invalidating.ConfigureAwait(false);
        var receipt = new WriteReceipt(ending.Unknown is null ? ending.Fence?.TransactionId : null, invalidation, ending.IsStrict, ending.IsDurable);
        ending.Write!.End(receipt);
        ending.EndedByCallback?.Throw();
        return ending.Unknown is { } unknown ? throw new CommitOutcomeUnknownException(invalidation, unknown) : receipt;
    }

    /// <summary>Stores the values of a write in the same round trip as its invalidation. In which order Redis does the two does not matter:
    /// what is stored reflects the write, and what the invalidation removes does not.</summary>
    private async Task StoreBehindAsync(Task invalidating, WrittenValues values, Fence? fence)
    {
        if (test?.Gate is { } gate)
        {
            // One step at a time.
            await invalidating.ConfigureAwait(false);
            await gate.PassAsync(ProtocolStep.Store).ConfigureAwait(false);
        }

        values.Store(fence);
    }

    private async Task RunAsync(
        Func<WriteContext, CancellationToken, Task> write,
        WriteOptions options,
        Ending ending,
        CancellationToken cancellationToken)
    {
        var values = ending.Values = await through.LeaseAsync(options.WriteThrough, cancellationToken).ConfigureAwait(false);
        if (postgres.Simulated is { } simulated)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var transaction = simulated.Begin(options.IsolationLevel);
            values.Stamp(simulated);
            await RunAsync(WriteContext.Simulate(transaction, values), write, options, ending, cancellationToken).ConfigureAwait(false);
            return;
        }

        var connection = await postgres.DataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            // Disposed without a commit, the transaction is rolled back.
            var transaction = await connection.BeginTransactionAsync(options.IsolationLevel, cancellationToken).ConfigureAwait(false);
            await using (transaction.ConfigureAwait(false))
            {
                await values.StampAsync(connection, cancellationToken).ConfigureAwait(false);
                await RunAsync(new WriteContext(transaction, values), write, options, ending, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task RunAsync(
        WriteContext context,
        Func<WriteContext, CancellationToken, Task> write,
        WriteOptions options,
        Ending ending,
        CancellationToken cancellationToken)
    {
        current.Enter(ending.Write = new OpenWrite(context, options, current.Joinable));
        context.Values.Enter();
        try
        {
            await write(context, cancellationToken).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            Commit.ThrowIfImpossible(context);
        }
        catch (Exception error) when (Commit.IsEndedByCallback(context))
        {
            // Against the rules, and perhaps committed: the cache must be right all the same.
            ending.EndedByCallback = ExceptionDispatchInfo.Capture(error);
            ending.Invalidation = context.Complete();
            return;
        }

        await EndAsync(ending, cancellationToken).ConfigureAwait(false);
    }

    private async Task EndAsync(Ending ending, CancellationToken cancellationToken)
    {
        var write = ending.Write!;
        write.ThrowIfDoomed();
        var (options, named) = (write.Options, write.Context.Complete());
        StrictFences? fences = null;
        if (options.Strict is true)
        {
            fences = await StrictFences.SetAsync(
                write.Context, invalidator, named, strict.FenceTtl, strict.TimeProvider, cancellationToken).ConfigureAwait(false);
            if (!fences.HaveStood)
            {
                if (options.OnFenceFailure == OnFenceFailure.Abort)
                {
                    throw new FencesNotSetException();
                }

                WritingLog.FencesNotSet(logger);
            }
        }

        await test.PassAsync(ProtocolStep.Commit).ConfigureAwait(false);
        try
        {
            ending.IsDurable = options.Durability == InvalidationDurability.Journal;
            var isRecorded = ending.IsDurable && (named.Keys.Count > 0 || named.Tags.Count > 0);
            var commit = Commit.ExecuteAsync(write.Context, isRecorded ? durable.Record(named) : null);
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
        /// <summary>What it stores. Null for a transaction of the caller's own, which stores nothing.</summary>
        public WrittenValues? Values { get; set; }

        /// <summary>Null before there is a transaction.</summary>
        public OpenWrite? Write { get; set; }

        /// <summary>Null unless it is, or may be, committed.</summary>
        public Invalidation? Invalidation { get; set; }

        /// <summary>The write, where its COMMIT has been answered or its fences were set before.</summary>
        public Fence? Fence { get; set; }

        /// <summary>Whether its fences stood before COMMIT and until the invalidation.</summary>
        public bool IsStrict { get; set; }

        /// <summary>Whether the journal names all that it invalidates.</summary>
        public bool IsDurable { get; set; }

        /// <summary>What to throw where the callback has ended the transaction.</summary>
        public ExceptionDispatchInfo? EndedByCallback { get; set; }

        public Exception? Unknown { get; set; }

        /// <summary>Whether it is committed, for sure, and as the store wants it.</summary>
        public bool IsCertain => Unknown is null && EndedByCallback is null;
    }
}
