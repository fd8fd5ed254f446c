using System.Data;
using Npgsql;

namespace HybridStore.Conformance;

/// <summary>Loads that read a database.</summary>
public abstract class DatabaseReadContract(IStoreBackend backend) : StoreContract(backend)
{
    [Fact]
    public async Task A_row_is_read_once()
    {
        await using var test = await StartWithRowsAsync();

        Assert.Equal("first", await Rows.ReadAsync(test.Store, 1));
        await Rows.ExecuteAsync(test, "update item set name = 'behind' where id = 1");
        Assert.Equal("first", await Rows.ReadAsync(test.Store, 1));
        Assert.Equal("second", await Rows.ReadAsync(test.Store, 2));
        Assert.Null(await Rows.ReadAsync(test.Store, 3));
    }

    [Fact]
    public async Task Rows_are_read_once_as_a_list()
    {
        await using var test = await StartWithRowsAsync();
        ValueTask<IReadOnlyList<Item>> ReadAsync() => test.Store.GetListAsync<Item>(
            "items", "select id, name from item where id < @below order by id", new { below = 10 }, cancellationToken: Cancellation);

        Assert.Equal([new Item(1, "first"), new Item(2, "second")], await ReadAsync());
        await Rows.ExecuteAsync(test, "delete from item");
        Assert.Equal(2, (await ReadAsync()).Count);
    }

    [Fact]
    public async Task A_load_runs_all_kinds_of_statements()
    {
        await using var test = await StartWithRowsAsync();

        await test.Store.GetAsync(
            "key",
            async (load, token) =>
            {
                Assert.Equal(new Item(1, "first"), await load.QuerySingleOrDefaultAsync<Item>("select id, name from item where id = 1", null, token));
                Assert.Null(await load.QuerySingleOrDefaultAsync<Item>("select id, name from item where id = 9", null, token));
                Assert.Equal(2, (await load.QueryAsync<Item>("select id, name from item", null, token)).Count);
                Assert.Equal(2, await load.ExecuteScalarAsync<int>("select count(*) from item", null, token));
                await Assert.ThrowsAsync<InvalidOperationException>(
                    async () => await load.QuerySingleOrDefaultAsync<Item>("select id, name from item", null, token));
                return 1;
            },
            cancellationToken: Cancellation);
    }

    [Fact]
    public async Task A_statement_that_fails_is_the_callers_and_nothing_is_cached()
    {
        await using var test = await StartWithRowsAsync();

        await Assert.ThrowsAsync<PostgresException>(
            async () => await test.Store.GetAsync<int>("item:1", "select 1 / 0", cancellationToken: Cancellation));

        Assert.Equal("first", await Rows.ReadAsync(test.Store, 1));
    }

    [Fact]
    public async Task The_connection_of_a_load_is_one_and_is_given_back()
    {
        await using var test = await StartWithRowsAsync();
        NpgsqlConnection? seen = null;

        await test.Store.GetAsync(
            "key",
            async (load, token) =>
            {
                seen = await load.OpenConnectionAsync(token);
                Assert.Same(seen, await load.OpenConnectionAsync(token));
                Assert.Equal(ConnectionState.Open, seen.State);
                return 1;
            },
            cancellationToken: Cancellation);

        Assert.Equal(ConnectionState.Closed, seen!.State);
    }

    [Fact]
    public async Task A_token_takes_only_what_reflects_its_write()
    {
        await using var test = await StartWithRowsAsync();
        Assert.Equal("first", await Rows.ReadAsync(test.Store, 1));
        var receipt = await test.Store.WriteAsync(
            (write, token) => Rows.SetQuietlyAsync(write, 1, "new", token), cancellationToken: Cancellation);
        var view = test.Store.With(new ReadOptions { AtLeast = receipt.Token });

        Assert.Equal("first", await Rows.ReadAsync(test.Store, 1));
        Assert.Equal("new", await Rows.ReadAsync(view, 1));

        // What the view has loaded reflects the write, for all.
        await Rows.ExecuteAsync(test, "update item set name = 'behind' where id = 1");
        Assert.Equal("new", await Rows.ReadAsync(view, 1));
        Assert.Equal("new", await Rows.ReadAsync(test.Store, 1));
    }

    [Fact]
    public async Task A_token_never_takes_what_was_loaded_without_a_snapshot()
    {
        await using var test = await StartWithRowsAsync();
        var receipt = await Rows.SetAsync(test.Store, 1, "new");
        var loads = new CountedLoads();
        var view = test.Store.With(new ReadOptions { AtLeast = receipt.Token });
        await loads.ReadAsync(test.Store, "key");

        Assert.Equal(2, await loads.ReadAsync(view, "key"));
        Assert.Equal(3, await loads.ReadAsync(view, "key"));
    }

    [Fact]
    public async Task A_load_on_a_connection_of_its_own_can_be_stamped()
    {
        await using var test = await StartWithRowsAsync();
        var receipt = await Rows.SetAsync(test.Store, 1, "new");
        var view = test.Store.With(new ReadOptions { AtLeast = receipt.Token });
        var runs = 0;
        ValueTask<int> ReadAsync() => view.GetAsync(
            "key",
            async (load, token) =>
            {
                await using var connection = await test.Database.OpenConnectionAsync(token);
                await load.StampAsync(connection, token);
                return ++runs;
            },
            cancellationToken: Cancellation);

        Assert.Equal(1, await ReadAsync());
        Assert.Equal(1, await ReadAsync());
    }

    private async Task<IStoreUnderTest> StartWithRowsAsync()
    {
        var test = await StartAsync();
        await Rows.CreateAsync(test);
        return test;
    }

    private sealed record Item(int Id, string Name);
}
