using HybridStore.Servers;
using Npgsql;
using StackExchange.Redis;

namespace HybridStore.IntegrationTests.Servers;

public sealed class SharedServersTests(ServersFixture servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Both_servers_serve_through_the_proxy()
    {
        var (requestsBefore, connectionsBefore) = (servers.Redis.Proxy.BytesUpstream, servers.Postgres.Proxy.Connections);
        await using var redis = await ConnectionMultiplexer.ConnectAsync(servers.Redis.ConnectionString);
        var key = RedisServer.NewKeyPrefix() + "greeting";
        await redis.GetDatabase().StringSetAsync(key, "hello");
        Assert.Equal("hello", await redis.GetDatabase().StringGetAsync(key));
        Assert.True(servers.Redis.Proxy.BytesUpstream > requestsBefore);

        await using var source = NpgsqlDataSource.Create(servers.Postgres.ConnectionString);
        Assert.Equal(42, await source.CreateCommand("select 42").ExecuteScalarAsync(Cancellation));
        Assert.True(servers.Postgres.Proxy.Connections > connectionsBefore);
    }

    [Fact]
    public async Task Each_database_is_empty_and_its_own()
    {
        var first = await servers.Postgres.CreateDatabaseAsync(Cancellation);
        var second = await servers.Postgres.CreateDatabaseAsync(Cancellation);
        await using var inFirst = NpgsqlDataSource.Create(first);
        await using var inSecond = NpgsqlDataSource.Create(servers.Postgres.PastProxy(second));
        await inFirst.CreateCommand("create table product (id int)").ExecuteNonQueryAsync(Cancellation);
        Assert.True(await HasTableAsync(inFirst));
        Assert.False(await HasTableAsync(inSecond));
    }

    [Fact]
    public async Task Logical_replication_is_possible()
    {
        await using var source = NpgsqlDataSource.Create(servers.Postgres.DirectConnectionString);
        Assert.Equal("logical", await source.CreateCommand("show wal_level").ExecuteScalarAsync(Cancellation));
    }

    [Fact]
    public async Task Redis_runs_administrative_commands_past_the_proxy()
    {
        Assert.Contains("redis_version", (string?)await servers.Redis.RunAsync("INFO", "server"), StringComparison.Ordinal);
        Assert.Equal("OK", (string?)await servers.Redis.RunAsync("DEBUG", "SLEEP", "0"));
    }

    private static async Task<bool> HasTableAsync(NpgsqlDataSource source) =>
        await source.CreateCommand("select to_regclass('product') is not null").ExecuteScalarAsync(Cancellation) is true;
}
