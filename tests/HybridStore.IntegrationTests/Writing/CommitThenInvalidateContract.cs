using System.Data;

namespace HybridStore.IntegrationTests.Writing;

/// <summary>A write is committed, and then what it named is invalidated.</summary>
public abstract class CommitThenInvalidateContract(IStoreServers servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_committed_write_removes_the_entries_of_the_keys_it_named_and_no_others()
    {
        await using var accounts = await Accounts.StartAsync(servers);
        await accounts.CacheAsync(1, 2);

        var receipt = await accounts.Store.WriteAsync(
            async (write, token) =>
            {
                await Accounts.SetAsync(write, 1, 250, token);
                Assert.True(await accounts.IsCachedAsync(1), "The invalidation must not come before the commit.");
            },
            cancellationToken: Cancellation);

        Assert.Equal(InvalidationStatus.Applied, receipt.Status);
        Assert.True(receipt.WhenApplied(Cancellation).IsCompletedSuccessfully);
        Assert.False(await accounts.IsCachedAsync(1));
        Assert.True(await accounts.IsCachedAsync(2));
        Assert.Equal(250, await accounts.ReadAsync(1));
    }

    [Fact]
    public async Task A_committed_write_removes_all_entries_under_the_tag_it_named()
    {
        await using var accounts = await Accounts.StartAsync(servers);
        await accounts.CacheAsync(1, 2);

        await accounts.Store.WriteAsync(
            async (write, token) =>
            {
                await write.ExecuteAsync("update account set balance = balance + 1", cancellationToken: token);
                write.InvalidateTag(Accounts.Tag);
            },
            cancellationToken: Cancellation);

        Assert.False(await accounts.IsCachedAsync(1));
        Assert.False(await accounts.IsCachedAsync(2));
        Assert.Equal(101, await accounts.ReadAsync(1));
    }

    [Fact]
    public async Task The_receipt_has_the_id_of_the_transaction()
    {
        await using var accounts = await Accounts.StartAsync(servers);

        var receipt = await accounts.Store.WriteAsync<ulong>(
            async (write, token) =>
            {
                await Accounts.SetAsync(write, 1, 1, token);
                var id = await write.ExecuteScalarAsync<decimal>("select pg_current_xact_id()::text::numeric", cancellationToken: token);
                return (ulong)id;
            },
            cancellationToken: Cancellation);

        Assert.NotEqual(0ul, receipt.Result);
        Assert.Equal(receipt.Result, receipt.TransactionId);
    }

    [Fact]
    public async Task A_write_that_wrote_nothing_has_no_transaction_id_and_still_invalidates()
    {
        await using var accounts = await Accounts.StartAsync(servers);
        await accounts.CacheAsync(1);

        var receipt = await accounts.Store.WriteAsync<int>(
            async (write, token) =>
            {
                write.Invalidate(Accounts.Key(1));
                return await write.ExecuteScalarAsync<int>("select balance from account where id = 1", cancellationToken: token);
            },
            cancellationToken: Cancellation);

        Assert.Null(receipt.TransactionId);
        Assert.Equal(100, receipt.Result);
        Assert.Equal(InvalidationStatus.Applied, receipt.Status);
        Assert.False(await accounts.IsCachedAsync(1));
    }

    [Fact]
    public async Task A_write_that_runs_no_statement_and_names_nothing_succeeds()
    {
        await using var accounts = await Accounts.StartAsync(servers);

        var receipt = await accounts.Store.WriteAsync((_, _) => Task.CompletedTask, cancellationToken: Cancellation);

        Assert.Null(receipt.TransactionId);
        Assert.Equal(InvalidationStatus.Applied, receipt.Status);
    }

    [Fact]
    public async Task All_statements_of_a_write_run_in_its_one_transaction()
    {
        await using var accounts = await Accounts.StartAsync(servers);

        var receipt = await accounts.Store.WriteAsync<IReadOnlyList<string>>(
            async (write, token) =>
            {
                const string Id = "select pg_current_xact_id()::text";
                await Accounts.SetAsync(write, 1, 7, token);
                var list = await write.QueryAsync<string>(Id, cancellationToken: token);
                var single = await write.QuerySingleOrDefaultAsync<string>(Id, cancellationToken: token);
                var scalar = await write.ExecuteScalarAsync<string>(Id, cancellationToken: token);
                await using var raw = write.Connection.CreateCommand();
                raw.CommandText = Id;
                raw.Transaction = write.Transaction;
                var own = (string?)await raw.ExecuteScalarAsync(token);

                // Seen inside, and not yet outside.
                Assert.Equal(7, await write.ExecuteScalarAsync<int>("select balance from account where id = 1", cancellationToken: token));
                Assert.Equal(100, await accounts.BalanceAsync(1));
                return [.. list, single!, scalar!, own!];
            },
            cancellationToken: Cancellation);

        Assert.Equal(4, receipt.Result.Count);
        Assert.Equal(receipt.TransactionId.ToString(), Assert.Single(receipt.Result.Distinct()));
        Assert.Equal(7, await accounts.BalanceAsync(1));
    }

    [Theory]
    [InlineData(IsolationLevel.ReadCommitted, "read committed")]
    [InlineData(IsolationLevel.RepeatableRead, "repeatable read")]
    [InlineData(IsolationLevel.Serializable, "serializable")]
    public async Task A_write_runs_at_the_isolation_level_asked_for(IsolationLevel asked, string expected)
    {
        await using var accounts = await Accounts.StartAsync(servers);

        var receipt = await accounts.Store.WriteAsync<string?>(
            (write, token) => write.ExecuteScalarAsync<string>("show transaction_isolation", cancellationToken: token),
            new WriteOptions { IsolationLevel = asked },
            Cancellation);

        Assert.Equal(expected, receipt.Result);
    }

    [Fact]
    public async Task A_write_without_options_runs_at_read_committed_whatever_the_server_is_configured_to()
    {
        await using var accounts = await Accounts.StartAsync(
            servers, options => options.PostgresConnectionString += ";Options=-c default_transaction_isolation=serializable");

        var receipt = await accounts.Store.WriteAsync<string?>(
            (write, token) => write.ExecuteScalarAsync<string>("show transaction_isolation", cancellationToken: token),
            cancellationToken: Cancellation);

        Assert.Equal("read committed", receipt.Result);
    }

    [Fact]
    public async Task Naming_after_the_write_has_finished_is_refused()
    {
        await using var accounts = await Accounts.StartAsync(servers);
        WriteContext? kept = null;
        await accounts.Store.WriteAsync(
            (write, _) =>
            {
                kept = write;
                return Task.CompletedTask;
            },
            cancellationToken: Cancellation);

        Assert.Throws<InvalidOperationException>(() => kept!.Invalidate("account:1"));
        Assert.Throws<InvalidOperationException>(() => kept!.InvalidateTag("accounts"));
    }
}
