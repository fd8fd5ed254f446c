using System.Text.RegularExpressions;
using HybridStore.IntegrationTests.Writing;
using HybridStore.Servers;
using Npgsql;
using StackExchange.Redis;

namespace HybridStore.IntegrationTests.Pooling;

/// <summary>What has to run in one transaction, and so on one connection to PostgreSQL, does: a server of the tests' own says which each
/// statement ran in.</summary>
public sealed partial class SharedTransactionTests : IAsyncLifetime, IStoreServers
{
    private TestServers? _servers;
    private PgBouncerServer? _pooler;

    string IStoreServers.RedisConnectionString => _servers!.Redis.ConnectionString;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _servers = await TestServers.StartAsync(
            new TestServersOptions
            {
                Controllable = true,
                PostgresSettings = new Dictionary<string, string> { ["log_statement"] = "all", ["log_line_prefix"] = "<%p %v>" },
            },
            Cancellation);
        _pooler = await PgBouncerServer.StartAsync(_servers.Postgres, Cancellation);
    }

    [Fact]
    public async Task The_stamp_of_a_load_and_its_first_statement()
    {
        await using var accounts = await Accounts.StartAsync(this);

        Assert.Equal(100, await accounts.Store.GetAsync<int>(
            Accounts.Key(1), "select balance from account where id = @id", new { id = 1 }, cancellationToken: Cancellation));

        await AssertSharedAsync("pg_current_snapshot()", "select balance from account");
    }

    [Fact]
    public async Task The_id_of_a_write_and_its_COMMIT()
    {
        await using var accounts = await Accounts.StartAsync(this);

        await accounts.Store.WriteAsync((write, token) => Accounts.SetAsync(write, 1, 900, token), cancellationToken: Cancellation);

        await AssertSharedAsync("update account", "pg_current_xact_id_if_assigned()", "COMMIT");
    }

    async Task<string> IStoreServers.CreateDatabaseAsync(CancellationToken cancellationToken) =>
        new NpgsqlConnectionStringBuilder(_pooler!.To(await _servers!.Postgres.CreateDatabaseAsync(cancellationToken)))
        {
            NoResetOnClose = true,
        }.ConnectionString;

    async Task<IDatabase> IStoreServers.ConnectToRedisAsync() => (await _servers!.Redis.ConnectDirectlyAsync()).GetDatabase();

    Task<RedisResult> IStoreServers.RunInRedisAsync(params string[] command) => _servers!.Redis.RunAsync(command);

    public async ValueTask DisposeAsync()
    {
        if (_pooler is not null)
        {
            await _pooler.DisposeAsync();
        }

        if (_servers is not null)
        {
            await _servers.DisposeAsync();
        }
    }

    // "<4711 3/17>LOG:  execute <unnamed>: select ..."
    [GeneratedRegex("^<(?<where>\\d+ \\d+/\\d+)>LOG: .*?: (?<statement>.*)$", RegexOptions.Multiline)]
    private static partial Regex LoggedStatement();

    /// <summary>Each of the statements was the last of its kind, and they ran in one transaction.</summary>
    private async Task AssertSharedAsync(params string[] statements)
    {
        var log = await _servers!.Postgres.ReadLogTailAsync(Cancellation);
        var logged = LoggedStatement().Matches(log);
        var places = statements.Select(statement => logged.LastOrDefault(
            match => match.Groups["statement"].Value.Contains(statement, StringComparison.Ordinal))?.Groups["where"].Value);
        Assert.True(places.Distinct().ToArray() is [not null], $"Not in one transaction: {string.Join(", ", places)}\n{log}");
    }
}
