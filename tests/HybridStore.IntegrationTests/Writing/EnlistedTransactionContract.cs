using System.Data;
using Npgsql;

namespace HybridStore.IntegrationTests.Writing;

/// <summary>Transactions of the application's own, whose commit invalidates.</summary>
public abstract class EnlistedTransactionContract(IStoreServers servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Its_commit_invalidates_what_was_named()
    {
        await using var accounts = await Accounts.StartAsync(servers);
        await accounts.CacheAsync(1, 2);
        await using var connection = await accounts.Host.DataSource.OpenConnectionAsync(Cancellation);
        await using var transaction = await connection.BeginTransactionAsync(Cancellation);
        var write = accounts.Store.Enlist(transaction);
        await Accounts.SetAsync(write, 1, 900, Cancellation);
        Assert.True(await accounts.IsCachedAsync(1), "The invalidation must not come before the commit.");

        var receipt = await write.CommitAsync(Cancellation);

        Assert.NotNull(receipt.TransactionId);
        Assert.Equal(InvalidationStatus.Applied, receipt.Status);
        Assert.False(await accounts.IsCachedAsync(1));
        Assert.True(await accounts.IsCachedAsync(2));
        Assert.Equal(900, await accounts.ReadAsync(1));
        Assert.Equal(ConnectionState.Open, connection.State);
    }

    [Fact]
    public async Task Two_repository_methods_join_it()
    {
        await using var accounts = await Accounts.StartAsync(servers);
        await accounts.CacheAsync(1, 2);
        await using var connection = await accounts.Host.DataSource.OpenConnectionAsync(Cancellation);
        await using var transaction = await connection.BeginTransactionAsync(Cancellation);
        var write = accounts.Store.Enlist(transaction);

        var first = await SetAsync(accounts, 1, 50);
        var second = await SetAsync(accounts, 2, 150);

        Assert.Equal([Accounts.Key(1), Accounts.Key(2)], write.InvalidatedKeys.Order());
        Assert.Equal(100, await accounts.BalanceAsync(1));
        Assert.Equal(InvalidationStatus.Pending, first.Status);
        Assert.Null(first.TransactionId);
        var receipt = await write.CommitAsync(Cancellation);
        await first.WhenApplied(Cancellation);
        Assert.Equal(InvalidationStatus.Applied, second.Status);
        Assert.Equal(receipt.TransactionId, first.TransactionId);
        Assert.Equal((50, 150), (await accounts.ReadAsync(1), await accounts.ReadAsync(2)));
    }

    [Fact]
    public async Task Rolled_back_it_invalidates_nothing()
    {
        await using var accounts = await Accounts.StartAsync(servers);
        await accounts.CacheAsync(1);
        await using var connection = await accounts.Host.DataSource.OpenConnectionAsync(Cancellation);
        await using (var transaction = await connection.BeginTransactionAsync(Cancellation))
        {
            await Accounts.SetAsync(accounts.Store.Enlist(transaction), 1, 900, Cancellation);
        }

        Assert.True(await accounts.IsCachedAsync(1));
        Assert.Equal(100, await accounts.BalanceAsync(1));
    }

    [Fact]
    public async Task What_PostgreSQL_refuses_at_COMMIT_is_not_invalidated_and_those_who_joined_learn_of_it()
    {
        await using var accounts = await Accounts.StartAsync(servers);
        await accounts.Host.ExecuteAsync("create table owner (id int primary key)");
        await accounts.Host.ExecuteAsync("create table owned (id int references owner deferrable initially deferred)");
        await accounts.CacheAsync(1);
        await using var connection = await accounts.Host.DataSource.OpenConnectionAsync(Cancellation);
        await using var transaction = await connection.BeginTransactionAsync(Cancellation);
        var write = accounts.Store.Enlist(transaction);
        var joined = await SetAsync(accounts, 1, 900);
        await write.ExecuteAsync("insert into owned values (1)", cancellationToken: Cancellation);

        await Assert.ThrowsAsync<PostgresException>(() => write.CommitAsync(Cancellation));

        Assert.True(await accounts.IsCachedAsync(1));
        Assert.Equal(InvalidationStatus.Pending, joined.Status);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => joined.WhenApplied(Cancellation));
        Assert.Throws<InvalidOperationException>(() => write.Invalidate("late"));
    }

    [Fact]
    public async Task It_can_be_strict()
    {
        await using var accounts = await Accounts.StartAsync(servers);
        await using var connection = await accounts.Host.DataSource.OpenConnectionAsync(Cancellation);
        await using var transaction = await connection.BeginTransactionAsync(Cancellation);
        var write = accounts.Store.Enlist(transaction, new WriteOptions { Strict = true });
        await Accounts.SetAsync(write, 1, 900, Cancellation);

        Assert.True((await write.CommitAsync(Cancellation)).IsStrict);
    }

    [Fact]
    public async Task After_its_end_writes_have_transactions_of_their_own()
    {
        await using var accounts = await Accounts.StartAsync(servers);
        await using var connection = await accounts.Host.DataSource.OpenConnectionAsync(Cancellation);
        await using var transaction = await connection.BeginTransactionAsync(Cancellation);
        var write = accounts.Store.Enlist(transaction);
        await write.CommitAsync(Cancellation);

        var receipt = await SetAsync(accounts, 1, 900);

        Assert.Equal(InvalidationStatus.Applied, receipt.Status);
        Assert.Equal(900, await accounts.BalanceAsync(1));
        await Assert.ThrowsAsync<InvalidOperationException>(() => write.CommitAsync(Cancellation));
    }

    [Fact]
    public async Task One_that_has_been_committed_past_the_store_is_refused()
    {
        await using var accounts = await Accounts.StartAsync(servers);
        await using var connection = await accounts.Host.DataSource.OpenConnectionAsync(Cancellation);
        await using var transaction = await connection.BeginTransactionAsync(Cancellation);
        var write = accounts.Store.Enlist(transaction);
        await transaction.CommitAsync(Cancellation);

        await Assert.ThrowsAsync<InvalidOperationException>(() => write.CommitAsync(Cancellation));
        Assert.Throws<ArgumentException>(() => accounts.Store.Enlist(transaction));
    }

    [Fact]
    public async Task A_commit_that_is_cancelled_beforehand_can_be_made_later()
    {
        await using var accounts = await Accounts.StartAsync(servers);
        await using var connection = await accounts.Host.DataSource.OpenConnectionAsync(Cancellation);
        await using var transaction = await connection.BeginTransactionAsync(Cancellation);
        var write = accounts.Store.Enlist(transaction);
        await Accounts.SetAsync(write, 1, 900, Cancellation);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => write.CommitAsync(new CancellationToken(canceled: true)));
        Assert.Equal(100, await accounts.BalanceAsync(1));
        await write.CommitAsync(Cancellation);

        Assert.Equal(900, await accounts.BalanceAsync(1));
    }

    [Fact]
    public async Task When_it_has_ended_inside_another_write_that_one_is_joined_again()
    {
        await using var accounts = await Accounts.StartAsync(servers);
        WriteReceipt? nested = null;

        var outer = await accounts.Store.WriteAsync(
            async (_, token) =>
            {
                await using var connection = await accounts.Host.DataSource.OpenConnectionAsync(token);
                await using var transaction = await connection.BeginTransactionAsync(token);
                await accounts.Store.Enlist(transaction).CommitAsync(token);
                nested = await SetAsync(accounts, 1, 900);
                Assert.Equal(100, await accounts.BalanceAsync(1));
            },
            cancellationToken: Cancellation);

        Assert.NotNull(outer.TransactionId);
        Assert.Equal(outer.TransactionId, nested!.TransactionId);
    }

    [Fact]
    public async Task A_writes_own_context_is_committed_by_the_store_alone()
    {
        await using var accounts = await Accounts.StartAsync(servers);

        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => accounts.Store.WriteAsync(
            (write, token) => write.CommitAsync(token), cancellationToken: Cancellation));

        Assert.Contains("Enlist", error.Message, StringComparison.Ordinal);
    }

    private static Task<WriteReceipt> SetAsync(Accounts accounts, int id, int balance) => accounts.Store.WriteAsync(
        (write, token) => Accounts.SetAsync(write, id, balance, token), cancellationToken: Cancellation);
}
