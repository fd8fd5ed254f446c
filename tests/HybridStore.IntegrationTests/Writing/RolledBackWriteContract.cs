using Npgsql;

namespace HybridStore.IntegrationTests.Writing;

/// <summary>A write that fails leaves rows and entries as they were.</summary>
public abstract class RolledBackWriteContract(IStoreServers servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_exception_of_the_callback_rolls_back_and_invalidates_nothing()
    {
        await using var accounts = await StartWithEntryAsync();
        var thrown = new InvalidOperationException("No such order.");

        var caught = await Assert.ThrowsAsync<InvalidOperationException>(() => accounts.Store.WriteAsync(
            async (write, token) =>
            {
                await Accounts.SetAsync(write, 1, 0, token);
                write.InvalidateTag(Accounts.Tag);
                throw thrown;
            },
            cancellationToken: Cancellation));

        Assert.Same(thrown, caught);
        await AssertUntouchedAsync(accounts);
    }

    [Fact]
    public async Task A_callback_that_throws_before_it_returns_a_task_rolls_back_too()
    {
        await using var accounts = await StartWithEntryAsync();

        await Assert.ThrowsAsync<NotSupportedException>(() => accounts.Store.WriteAsync(
            (write, _) =>
            {
                write.Invalidate(Accounts.Key(1));
                throw new NotSupportedException();
            },
            cancellationToken: Cancellation));

        await AssertUntouchedAsync(accounts);
    }

    [Fact]
    public async Task Cancellation_before_the_commit_rolls_back_and_invalidates_nothing()
    {
        await using var accounts = await StartWithEntryAsync();
        using var cancelled = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => accounts.Store.WriteAsync(
            async (write, token) =>
            {
                await Accounts.SetAsync(write, 1, 0, token);
                await cancelled.CancelAsync();
            },
            cancellationToken: cancelled.Token));

        await AssertUntouchedAsync(accounts);
    }

    [Fact]
    public async Task Cancellation_while_a_statement_waits_for_a_lock_rolls_back()
    {
        await using var accounts = await StartWithEntryAsync();
        await using var holder = await accounts.Host.DataSource.OpenConnectionAsync(Cancellation);
        await using var holding = await holder.BeginTransactionAsync(Cancellation);
        await using var lockRow = new NpgsqlCommand("select 1 from account where id = 2 for update", holder);
        await lockRow.ExecuteNonQueryAsync(Cancellation);
        using var cancelled = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var backend = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);

        var write = accounts.Store.WriteAsync(
            async (write, token) =>
            {
                await Accounts.SetAsync(write, 1, 0, token);
                backend.SetResult(await Backend.OfAsync(write, token));
                await Accounts.SetAsync(write, 2, 0, token);
            },
            cancellationToken: cancelled.Token);
        await Backend.UntilItWaitsAsync(accounts.Host.DataSource, await backend.Task, "Lock");
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => write);
        await AssertUntouchedAsync(accounts);
    }

    [Fact]
    public async Task A_cancelled_token_runs_nothing()
    {
        await using var accounts = await StartWithEntryAsync();
        var runs = 0;

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => accounts.Store.WriteAsync(
            (_, _) =>
            {
                runs++;
                return Task.CompletedTask;
            },
            cancellationToken: new CancellationToken(canceled: true)));

        Assert.Equal(0, runs);
    }

    [Fact]
    public async Task A_failed_statement_that_the_callback_swallowed_does_not_pass_as_success()
    {
        await using var accounts = await StartWithEntryAsync();

        var error = await Assert.ThrowsAsync<PostgresException>(() => accounts.Store.WriteAsync(
            async (write, token) =>
            {
                await Accounts.SetAsync(write, 1, 0, token);
                await Assert.ThrowsAsync<PostgresException>(
                    () => write.ExecuteAsync("insert into account values (1, 1)", cancellationToken: token));
            },
            cancellationToken: Cancellation));

        Assert.Equal(PostgresErrorCodes.InFailedSqlTransaction, error.SqlState);
        await AssertUntouchedAsync(accounts);
    }

    [Fact]
    public async Task A_failed_statement_behind_a_savepoint_does_not_harm_the_write()
    {
        await using var accounts = await StartWithEntryAsync();

        var receipt = await accounts.Store.WriteAsync(
            async (write, token) =>
            {
                await Accounts.SetAsync(write, 1, 5, token);
                await write.Transaction.SaveAsync("before", token);
                await Assert.ThrowsAsync<PostgresException>(
                    () => write.ExecuteAsync("insert into account values (1, 1)", cancellationToken: token));
                await write.Transaction.RollbackAsync("before", token);
            },
            cancellationToken: Cancellation);

        Assert.NotNull(receipt.TransactionId);
        Assert.Equal(5, await accounts.ReadAsync(1));
    }

    [Fact]
    public async Task A_deferred_constraint_that_fails_at_the_commit_is_an_error_and_invalidates_nothing()
    {
        await using var accounts = await StartWithEntryAsync();
        await accounts.Host.ExecuteAsync(
            "create table entry (account_id int references account (id) deferrable initially deferred)");

        var error = await Assert.ThrowsAsync<PostgresException>(() => accounts.Store.WriteAsync(
            async (write, token) =>
            {
                await Accounts.SetAsync(write, 1, 0, token);
                await write.ExecuteAsync("insert into entry values (999)", cancellationToken: token);
            },
            cancellationToken: Cancellation));

        Assert.Equal(PostgresErrorCodes.ForeignKeyViolation, error.SqlState);
        await AssertUntouchedAsync(accounts);
    }

    [Fact]
    public async Task A_reader_left_open_by_the_callback_is_reported_as_such_and_rolled_back()
    {
        await using var accounts = await StartWithEntryAsync();

        await Assert.ThrowsAsync<NpgsqlOperationInProgressException>(() => accounts.Store.WriteAsync(
            async (write, token) =>
            {
                await Accounts.SetAsync(write, 1, 0, token);
                var command = new NpgsqlCommand("select generate_series(1, 3)", write.Connection);
                await command.ExecuteReaderAsync(token);
            },
            cancellationToken: Cancellation));

        await AssertUntouchedAsync(accounts);
    }

    [Fact]
    public async Task A_connection_lost_before_the_commit_is_no_unknown_outcome_and_invalidates_nothing()
    {
        await using var accounts = await StartWithEntryAsync();

        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => accounts.Store.WriteAsync(
            async (write, token) =>
            {
                await Accounts.SetAsync(write, 1, 0, token);
                await Backend.TerminateAsync(accounts.Host.DataSource, await Backend.OfAsync(write, token));
                await Assert.ThrowsAnyAsync<NpgsqlException>(
                    () => write.ExecuteAsync("select pg_sleep(60)", cancellationToken: token));
            },
            cancellationToken: Cancellation));

        Assert.Contains("rolled back", error.Message, StringComparison.Ordinal);
        await AssertUntouchedAsync(accounts);
    }

    private async Task<Accounts> StartWithEntryAsync()
    {
        var accounts = await Accounts.StartAsync(servers);
        await accounts.CacheAsync(1);
        return accounts;
    }

    private static async Task AssertUntouchedAsync(Accounts accounts)
    {
        Assert.Equal(100, await accounts.BalanceAsync(1));
        Assert.True(await accounts.IsCachedAsync(1));
    }
}
