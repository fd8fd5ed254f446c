using System.Transactions;
using Npgsql;
using IsolationLevel = System.Data.IsolationLevel;

namespace HybridStore.IntegrationTests.Fencing;

/// <summary>A load that a write of another instance overtakes answers its caller, and stays out of the cache.</summary>
public abstract class OvertakenLoadContract(IStoreServers servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(LoadPath.Query, true)]
    [InlineData(LoadPath.Query, false)]
    [InlineData(LoadPath.OpenConnection, true)]
    [InlineData(LoadPath.OpenConnection, false)]
    [InlineData(LoadPath.StampAsync, true)]
    [InlineData(LoadPath.StampAsync, false)]
    [InlineData(LoadPath.Unstamped, true)]
    [InlineData(LoadPath.Unstamped, false)]
    public async Task A_load_that_a_write_overtakes_is_not_stored(LoadPath path, bool knowsXid)
    {
        await using var race = await Race.StartAsync(servers);
        var read = await race.HoldAsync(race.First, path);

        var xid = await race.CommitAsync(1);
        await Race.InvalidateKeyAsync(race.Second, knowsXid ? xid : null);

        Assert.Equal((0, "refused_lease_lost"), await read.EndAsync());
        Assert.Null(await race.CachedAsync());
        await race.AssertReadersGetAsync(1);
    }

    [Theory]
    [InlineData(LoadPath.Query)]
    [InlineData(LoadPath.OpenConnection)]
    [InlineData(LoadPath.StampAsync)]
    [InlineData(LoadPath.Unstamped)]
    public async Task A_load_that_a_write_through_the_store_overtakes_is_not_stored(LoadPath path)
    {
        await using var race = await Race.StartAsync(servers);
        var read = await race.HoldAsync(race.First, path);

        var receipt = await race.Second.Store.WriteAsync(
            async (write, token) =>
            {
                write.Invalidate(Race.Key);
                await write.ExecuteAsync("update item set version = 1 where id = 1", cancellationToken: token);
            },
            cancellationToken: Cancellation);

        Assert.Equal(InvalidationStatus.Applied, receipt.Status);
        Assert.Equal((0, "refused_lease_lost"), await read.EndAsync());
        await race.AssertReadersGetAsync(1);
    }

    [Theory]
    [InlineData(LoadPath.Query, true)]
    [InlineData(LoadPath.OpenConnection, true)]
    [InlineData(LoadPath.StampAsync, true)]
    [InlineData(LoadPath.Unstamped, false)]
    public async Task What_is_read_in_sight_of_the_store_carries_a_stamp(LoadPath path, bool isStamped)
    {
        await using var race = await Race.StartAsync(servers);
        var xid = await race.CommitAsync(1);

        Assert.Equal(1, await race.ReadAsync(race.First, path));

        var stamp = await race.StampAsync();
        Assert.Equal(isStamped, stamp is not null);
        Assert.True(stamp is null || stamp.Sees(xid));
    }

    [Fact]
    public async Task What_is_read_in_a_transaction_that_is_older_than_the_load_is_not_stored()
    {
        await using var race = await Race.StartAsync(servers);
        await using var connection = await race.First.DataSource.OpenConnectionAsync(Cancellation);
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, Cancellation);
        Assert.Equal(0, await VersionAsync(connection, Cancellation));
        await Race.InvalidateKeyAsync(race.Second, await race.CommitAsync(1));

        var read = await race.HoldAsync(race.First, StampedLoad(connection));

        Assert.Equal((0, "in_transaction"), await read.EndAsync());
        await race.AssertReadersGetAsync(1);
    }

    [Fact]
    public async Task What_is_read_in_a_transaction_that_has_written_is_not_stored()
    {
        await using var race = await Race.StartAsync(servers);
        await using var connection = await race.First.DataSource.OpenConnectionAsync(Cancellation);
        await using (var transaction = await connection.BeginTransactionAsync(Cancellation))
        {
            await using var update = new NpgsqlCommand("update item set version = 1 where id = 1", connection);
            await update.ExecuteNonQueryAsync(Cancellation);

            var read = await race.HoldAsync(race.First, StampedLoad(connection));

            Assert.Equal((1, "in_transaction"), await read.EndAsync());
        }

        await race.AssertReadersGetAsync(0);
    }

    [Fact]
    public async Task What_is_built_on_a_value_read_in_a_transaction_is_not_stored_either()
    {
        await using var race = await Race.StartAsync(servers);
        await using var connection = await race.First.DataSource.OpenConnectionAsync(Cancellation);
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, Cancellation);
        Assert.Equal(0, await VersionAsync(connection, Cancellation));
        await Race.InvalidateKeyAsync(race.Second, await race.CommitAsync(1));

        var read = await race.HoldAsync(
            race.First,
            (_, token) => race.First.Store.GetAsync("part", StampedLoad(connection), cancellationToken: token));

        Assert.Equal((0, "in_transaction"), await read.EndAsync());
        Assert.Null(await race.CachedAsync("part"));
        await race.AssertReadersGetAsync(1);
    }

    [Fact]
    public async Task What_is_read_inside_an_ambient_transaction_is_not_stored()
    {
        await using var race = await Race.StartAsync(servers);
        using (new TransactionScope(TransactionScopeAsyncFlowOption.Enabled))
        {
            Assert.Equal(0, await race.ReadAsync(race.First));
        }

        Assert.Null(await race.CachedAsync());
        await race.AssertReadersGetAsync(0);
    }

    [Fact]
    public async Task What_a_load_reads_inside_an_ambient_transaction_of_its_own_is_not_stored()
    {
        await using var race = await Race.StartAsync(servers);
        var read = await race.HoldAsync(race.First, async (context, token) =>
        {
            // Never completed: what it has written is rolled back.
            using var scope = new TransactionScope(TransactionScopeAsyncFlowOption.Enabled);
            return await context.ExecuteScalarAsync<int>(
                "update item set version = 1 where id = 1 returning version", cancellationToken: token);
        });

        Assert.Equal((1, "in_transaction"), await read.EndAsync());
        await race.AssertReadersGetAsync(0);
    }

    [Fact]
    public async Task What_is_built_on_a_value_read_inside_an_ambient_transaction_is_not_stored()
    {
        await using var race = await Race.StartAsync(servers);
        var read = await race.HoldAsync(race.First, async (_, token) =>
        {
            using var scope = new TransactionScope(TransactionScopeAsyncFlowOption.Enabled);
            await using var connection = await race.First.DataSource.OpenConnectionAsync(token);
            await using var update = new NpgsqlCommand("update item set version = 1 where id = 1", connection);
            await update.ExecuteNonQueryAsync(token);
            return await race.First.Store.GetAsync("part", (_, inner) => VersionAsync(connection, inner), cancellationToken: token);
        });

        Assert.Equal((1, "in_transaction"), await read.EndAsync());
        Assert.Null(await race.CachedAsync("part"));
        await race.AssertReadersGetAsync(0);
    }

    private static ValueTask<int> VersionAsync(NpgsqlConnection connection, CancellationToken token) =>
        LoadPaths.ScalarAsync<int>("select version from item where id = 1", connection, token);

    private static Func<LoadContext, CancellationToken, ValueTask<int>> StampedLoad(NpgsqlConnection connection) =>
        async (context, token) =>
        {
            await context.StampAsync(connection, token);
            return await VersionAsync(connection, token);
        };
}
