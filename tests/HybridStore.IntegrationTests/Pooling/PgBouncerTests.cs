using System.Data;
using HybridStore.Fencing;
using HybridStore.IntegrationTests.Fencing;
using HybridStore.IntegrationTests.Writing;
using Npgsql;

namespace HybridStore.IntegrationTests.Pooling;

/// <summary>What concerns a pooler in particular: each transaction may run on another connection to PostgreSQL than the one before.</summary>
[Collection<PoolingDefinition>]
public sealed class PgBouncerTests(PoolingFixture pooling)
{
    // With the zero that ends it in the protocol: "read committed" has it too, behind BEGIN.
    private const string CommitRequest = "COMMIT\0";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Loads_are_stamped_whichever_connections_they_run_on(bool withDefaults)
    {
        await using var race = await Race.StartAsync(Servers(withDefaults));
        await UseSeveralConnectionsAsync(race.First.DataSource);
        for (var version = 1; version <= 6; version++)
        {
            await Race.InvalidateKeyAsync(race.First, await race.CommitAsync(version));
            var path = (LoadPath)(version % 3);

            Assert.Equal(version, await race.ReadAsync(race.Second, path));

            Assert.NotNull(await race.StampAsync());
            Assert.Equal(version, await race.CachedAsync());
        }
    }

    [Fact]
    public async Task What_is_read_in_a_transaction_of_its_own_connection_is_known_as_such()
    {
        await using var race = await Race.StartAsync(pooling.WithUsualSettings);
        await UseSeveralConnectionsAsync(race.First.DataSource);
        await using var connection = await race.First.DataSource.OpenConnectionAsync(Cancellation);
        for (var turn = 0; turn < 4; turn++)
        {
            // Inside and outside by turns, on one and the same connection.
            await using (await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, Cancellation))
            {
                var inside = await race.HoldAsync(race.First, StampedLoad(connection));
                Assert.Equal((turn, "in_transaction"), await inside.EndAsync());
            }

            var outside = await race.HoldAsync(race.First, StampedLoad(connection));
            Assert.Equal((turn, "stored"), await outside.EndAsync());
            await Race.InvalidateKeyAsync(race.Second, await race.CommitAsync(turn + 1));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_strict_write_is_strict_and_its_token_is_heeded(bool withDefaults)
    {
        await using var accounts = await Accounts.StartAsync(Servers(withDefaults));
        await UseSeveralConnectionsAsync(accounts.Host.DataSource);
        await accounts.CacheAsync(1);

        var receipt = await SetAsync(accounts, 900, new WriteOptions { Strict = true });

        Assert.True(receipt.IsStrict);
        Assert.Equal(InvalidationStatus.Applied, receipt.Status);
        await accounts.CacheAsync(1);
        await accounts.Host.ExecuteAsync("update account set balance = 1 where id = 1");
        Assert.Equal(900, await ReadAsync(receipt.Token));
        var later = (await accounts.Store.WriteAsync(
            (write, token) => write.ExecuteAsync("update account set balance = balance where id = 1", cancellationToken: token),
            cancellationToken: Cancellation)).Token;
        Assert.Equal(1, await ReadAsync(later));

        async Task<int> ReadAsync(WriteToken token) => await accounts.Store.With(new ReadOptions { AtLeast = token }).GetAsync<int>(
            Accounts.Key(1), "select balance from account where id = 1", cancellationToken: Cancellation);
    }

    [Fact]
    public async Task Fences_of_a_strict_write_stand_in_Redis_before_COMMIT_is_sent()
    {
        var gate = new StepGate(ProtocolStep.Commit);
        await using var accounts = await Accounts.StartAsync(
            pooling.WithUsualSettings, options => options.Protocol = new ProtocolUnderTest { Gate = gate });
        await accounts.CacheAsync(1);

        var write = SetAsync(accounts, 900, new WriteOptions { Strict = true });
        await gate.Reached.WaitAsync(Cancellation);

        Assert.False(await accounts.IsCachedAsync(1));
        Assert.Equal(100, await accounts.ReadAsync(1));
        Assert.Equal(100, await accounts.ReadAsync(1));
        Assert.False(await accounts.IsCachedAsync(1), "A load that does not reflect the write was stored.");
        gate.Open();
        Assert.True((await write).IsStrict);
        Assert.Equal(900, await accounts.ReadAsync(1));
    }

    [Fact]
    public async Task A_commit_whose_answer_is_lost_on_the_way_from_the_pooler_is_reported_as_unknown_and_invalidated()
    {
        await using var accounts = await Accounts.StartAsync(pooling.WithUsualSettings);
        await accounts.CacheAsync(1);
        var cut = pooling.Pooler.Proxy.CutReplyAfterRequest(CommitRequest);

        var error = await Assert.ThrowsAsync<CommitOutcomeUnknownException>(() => SetAsync(accounts, 900));

        await cut.WaitAsync(Cancellation);
        Assert.Equal(InvalidationStatus.Applied, error.Invalidation.Status);
        Assert.Equal(900, await accounts.BalanceAsync(1));
        Assert.Equal(900, await accounts.ReadAsync(1));
    }

    [Fact]
    public async Task A_commit_that_never_reaches_the_pooler_is_reported_the_same_way_and_leaves_the_old_row()
    {
        await using var accounts = await Accounts.StartAsync(pooling.WithUsualSettings);
        await accounts.CacheAsync(1);
        var cut = pooling.Pooler.Proxy.CutBeforeRequest(CommitRequest);

        var error = await Assert.ThrowsAsync<CommitOutcomeUnknownException>(() => SetAsync(accounts, 900));

        await cut.WaitAsync(Cancellation);
        Assert.Equal(InvalidationStatus.Applied, error.Invalidation.Status);
        Assert.Equal(100, await accounts.BalanceAsync(1));
        Assert.Equal(100, await accounts.ReadAsync(1));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Callers_that_read_and_write_at_random_are_given_nothing_old(bool withDefaults)
    {
        await using var rows = await VersionedRows.StartAsync(Servers(withDefaults), seed: 1);

        await rows.RunAsync(operations: 10_000, atMost: TimeSpan.FromSeconds(3));

        rows.AssertFreshAndCached();
    }

    private IStoreServers Servers(bool withDefaults) => withDefaults ? pooling.WithDefaults : pooling.WithUsualSettings;

    private static Task<WriteReceipt> SetAsync(Accounts accounts, int balance, WriteOptions? options = null) => accounts.Store.WriteAsync(
        (write, token) => Accounts.SetAsync(write, 1, balance, token), options, Cancellation);

    private static Func<LoadContext, CancellationToken, ValueTask<int>> StampedLoad(NpgsqlConnection connection) =>
        async (context, token) =>
        {
            await context.StampAsync(connection, token);
            return await LoadPaths.ScalarAsync<int>("select version from item where id = 1", connection, token);
        };

    /// <summary>Lets the pooler open several connections to PostgreSQL, which it then uses in turn, and sees to it that it does.</summary>
    private static async Task UseSeveralConnectionsAsync(NpgsqlDataSource dataSource)
    {
        const int Count = 4;
        var connections = new List<NpgsqlConnection>();
        var transactions = new List<NpgsqlTransaction>();
        for (var at = 0; at < Count; at++)
        {
            connections.Add(await dataSource.OpenConnectionAsync(Cancellation));
            transactions.Add(await connections[at].BeginTransactionAsync(Cancellation));
            await BackendAsync(connections[at]);
        }

        foreach (var transaction in transactions)
        {
            await transaction.DisposeAsync();
        }

        var backends = new HashSet<int>();
        for (var turn = 0; turn < Count; turn++)
        {
            backends.Add(await BackendAsync(connections[0]));
        }

        Assert.True(backends.Count > 1, "All statements of a connection run in one process of PostgreSQL: nobody pools.");
        foreach (var connection in connections)
        {
            await connection.DisposeAsync();
        }
    }

    private static ValueTask<int> BackendAsync(NpgsqlConnection connection) =>
        LoadPaths.ScalarAsync<int>("select pg_backend_pid()", connection, Cancellation);
}
