using Npgsql;

namespace HybridStore.IntegrationTests.PassThrough;

/// <summary>The loads and writes of a repository, tested without a store: contexts over a connection and a transaction of the test's
/// own.</summary>
public sealed class RepositoryContextTests(ServersFixture servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_load_runs_over_the_connection_it_is_given_and_tells_what_it_asked_for()
    {
        await using var source = await StartAsync();
        await using var connection = await source.OpenConnectionAsync(Cancellation);
        var load = new LoadContext(connection, "order:1");

        var order = await LoadOrderAsync(load, 1, Cancellation);

        Assert.Equal(new Order(1, 7, 99.5m), order);
        Assert.Equal("order:1", load.Key);
        Assert.Equal(["user:7", "orders"], load.Tags);
        Assert.Equal(TimeSpan.FromSeconds(5), load.TimeToLive);
        Assert.True(load.IsCacheable);
        Assert.Same(connection, await load.OpenConnectionAsync(Cancellation));
        Assert.Equal(System.Data.ConnectionState.Open, connection.State);
    }

    [Fact]
    public async Task A_load_that_finds_nothing_says_do_not_cache()
    {
        await using var source = await StartAsync();
        await using var connection = await source.OpenConnectionAsync(Cancellation);
        var load = new LoadContext(connection);

        Assert.Null(await LoadOrderAsync(load, 2, Cancellation));

        Assert.False(load.IsCacheable);
        Assert.Empty(load.Tags);
        Assert.Null(load.TimeToLive);
    }

    [Fact]
    public async Task A_write_runs_in_the_transaction_it_is_given_and_tells_what_it_would_invalidate()
    {
        await using var source = await StartAsync();
        await using var connection = await source.OpenConnectionAsync(Cancellation);
        await using var transaction = await connection.BeginTransactionAsync(Cancellation);
        var write = new WriteContext(transaction);

        Assert.Equal(1, await CancelOrderAsync(write, 1, Cancellation));

        Assert.Equal(["order:1"], write.InvalidatedKeys);
        Assert.Equal(["user:7"], write.InvalidatedTags);
        Assert.Same(transaction, write.Transaction);
        Assert.Same(connection, write.Connection);

        // The test's own to end: nothing is left behind.
        await transaction.RollbackAsync(Cancellation);
        await using var count = source.CreateCommand("select count(*)::int from orders");
        Assert.Equal(1, await count.ExecuteScalarAsync(Cancellation));
    }

    [Fact]
    public async Task A_write_over_a_transaction_that_has_ended_is_refused()
    {
        await using var source = await StartAsync();
        await using var connection = await source.OpenConnectionAsync(Cancellation);
        await using var transaction = await connection.BeginTransactionAsync(Cancellation);
        await transaction.CommitAsync(Cancellation);

        var error = Assert.Throws<ArgumentException>(() => new WriteContext(transaction));

        Assert.Equal("transaction", error.ParamName);
    }

    [Fact]
    public void Contexts_over_nothing_are_refused()
    {
        Assert.Throws<ArgumentNullException>("connection", () => new LoadContext(null!));
        Assert.Throws<ArgumentNullException>("transaction", () => new WriteContext(null!));
    }

    private static async Task<Order?> LoadOrderAsync(LoadContext load, int id, CancellationToken cancellationToken)
    {
        var order = await load.QuerySingleOrDefaultAsync<Order>(
            "select id, user_id as UserId, total from orders where id = @id", new { id }, cancellationToken);
        if (order is null)
        {
            load.DoNotCache();
            return null;
        }

        load.AddTags($"user:{order.UserId}", "orders", "orders");
        load.TimeToLive = TimeSpan.FromSeconds(5);
        return order;
    }

    private static async Task<int> CancelOrderAsync(WriteContext write, int id, CancellationToken cancellationToken)
    {
        var userId = await write.ExecuteScalarAsync<int>("select user_id from orders where id = @id", new { id }, cancellationToken);
        write.Invalidate($"order:{id}");
        write.Invalidate($"order:{id}");
        write.InvalidateTag($"user:{userId}");
        return await write.ExecuteAsync("delete from orders where id = @id", new { id }, cancellationToken);
    }

    private async Task<NpgsqlDataSource> StartAsync()
    {
        var source = NpgsqlDataSource.Create(await servers.Postgres.CreateDatabaseAsync(Cancellation));
        await using var command = source.CreateCommand(
            "create table orders (id int primary key, user_id int, total numeric); insert into orders values (1, 7, 99.5)");
        await command.ExecuteNonQueryAsync(Cancellation);
        return source;
    }

    private sealed record Order(int Id, int UserId, decimal Total);
}
