using System.Net;
using HybridStore.Servers;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace HybridStore.IntegrationTests.Journaling.Schema;

/// <summary>An application that watches tables starts only where they are watched.</summary>
public sealed class StartTests(ServersFixture servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Without_the_schema_it_does_not_start_and_says_how_to_get_it()
    {
        var database = await UsersAsync();

        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(() => StartAsync(database));

        Assert.Equal(
            "The database lacks the schema \"hybridstore\", by which PostgreSQL tells the cache what has changed. "
            + "Run what HybridStoreSchema.GetInstallScript writes as the owner of the tables, or set Journal.InstallAtStart.",
            refusal.Message);
    }

    [Fact]
    public async Task It_installs_the_schema_where_it_shall_and_starts_then_without()
    {
        var database = await UsersAsync();

        await using var first = await StartAsync(database, options => options.Journal.InstallAtStart = true);
        await using var second = await StartAsync(database);

        Assert.Contains(first.Logs.GetSnapshot(), log => log.Id.Id == 1802);
        Assert.DoesNotContain(second.Logs.GetSnapshot(), log => log.Id.Id is >= 1800 and < 1900);
    }

    [Fact]
    public async Task It_does_not_start_where_a_table_is_not_watched_or_lacks_a_trigger()
    {
        var database = await UsersAsync();
        await (await StartAsync(database, options => options.Journal.InstallAtStart = true)).DisposeAsync();

        await RunAsync(database, "alter table users_low disable trigger hybridstore_1_update");
        await RefusedAsync(database, "Triggers are missing on users_low, so what is changed there is not seen.");
        await RunAsync(database, "select hybridstore.unwatch('users')");
        await RefusedAsync(database, "The table \"users\" is not watched in the schema \"hybridstore\"");
        await RunAsync(database, "drop table users");
        await RefusedAsync(database, "There is no table \"users\"");
        await RunAsync(database, "update hybridstore.state set version = 7");
        await RefusedAsync(database, "has version 7, and this release of HybridStore works with version 1. Use the newer release");
    }

    [Fact]
    public async Task It_starts_with_a_warning_beside_another_release_that_has_other_definitions()
    {
        var database = await UsersAsync();
        await (await StartAsync(database, options => options.Journal.InstallAtStart = true)).DisposeAsync();

        await using var other = await StartAsync(database, key: "u:{id}");

        Assert.Contains(other.Logs.GetSnapshot(), log => log.Id.Id == 1801 && log.Message.Contains("\"users\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task It_starts_with_a_warning_while_PostgreSQL_is_away()
    {
        await using var host = await StartAsync("Host=127.0.0.1;Port=1;Username=nobody;Database=nothing");

        Assert.Contains(host.Logs.GetSnapshot(), log => log.Id.Id == 1800);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task It_starts_with_a_warning_where_PostgreSQL_goes_away_while_it_looks(bool saysGoodbye)
    {
        var database = await UsersAsync();
        await (await StartAsync(database, options => options.Journal.InstallAtStart = true)).DisposeAsync();
        var direct = new NpgsqlConnectionStringBuilder(database);
        await using var proxy = FaultProxy.Start(new DnsEndPoint(direct.Host!, direct.Port));
        var name = Guid.NewGuid().ToString();
        var through = new NpgsqlConnectionStringBuilder(database)
        {
            Host = IPAddress.Loopback.ToString(),
            Port = proxy.Port,
            ApplicationName = name,
        }.ConnectionString;

        using var held = proxy.HoldRequest("\"hybridstore\".state");
        var starting = StartAsync(through);
        await held.Arrived.WaitAsync(Cancellation);
        if (saysGoodbye)
        {
            await RunAsync(database, $"select pg_terminate_backend(pid) from pg_stat_activity where application_name = '{name}'");
        }
        else
        {
            proxy.Reset();
        }

        await using var host = await starting;

        Assert.Contains(host.Logs.GetSnapshot(), log => log.Id.Id == 1800);
    }

    [Fact]
    public async Task It_looks_through_the_direct_connection_where_there_is_one()
    {
        var database = await UsersAsync();

        await using var host = await StartAsync(
            database,
            options =>
            {
                options.Journal.InstallAtStart = true;
                options.Journal.ListenerConnectionString = "Host=127.0.0.1;Port=1;Username=nobody;Database=nothing";
            });

        Assert.Contains(host.Logs.GetSnapshot(), log => log.Id.Id == 1800);
    }

    [Fact]
    public async Task A_store_without_Redis_asks_for_nothing()
    {
        await using var host = await StartAsync(await UsersAsync(), options => options.Mode = HybridStoreMode.PassThrough);

        Assert.NotNull(host.Services.GetRequiredService<HybridStoreSchema>().GetInstallScript());
    }

    private async Task<string> UsersAsync()
    {
        var database = await servers.Postgres.CreateDatabaseAsync(Cancellation);
        await RunAsync(
            database,
            "create table users (id int, org int) partition by range (id); create table users_low partition of users for values from (0) to (9)");
        return database;
    }

    private static async Task RunAsync(string database, string sql)
    {
        await using var dataSource = NpgsqlDataSource.Create(database);
        await using var command = dataSource.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Cancellation);
    }

    private async Task RefusedAsync(string database, string because) => Assert.Contains(
        because,
        (await Assert.ThrowsAsync<InvalidOperationException>(() => StartAsync(database))).Message,
        StringComparison.Ordinal);

    private Task<StoreHost> StartAsync(string database, Action<HybridStoreOptions>? configure = null, string key = "user:{id}") => StoreHost.StartAsync(
        new InDatabase(servers, database),
        configure,
        (_, builder) => builder.Watch("users", table => table.Key(key).Tag("org:{org}")),
        waitForRedis: false);

    /// <summary>The servers, and one database of them for all stores.</summary>
    private sealed class InDatabase(IStoreServers servers, string database) : IStoreServers
    {
        public string RedisConnectionString => servers.RedisConnectionString;

        public Task<string> CreateDatabaseAsync(CancellationToken cancellationToken) => Task.FromResult(database);

        public Task<StackExchange.Redis.IDatabase> ConnectToRedisAsync() => servers.ConnectToRedisAsync();

        public Task<StackExchange.Redis.RedisResult> RunInRedisAsync(params string[] command) => servers.RunInRedisAsync(command);
    }
}
