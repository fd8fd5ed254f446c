using HybridStore.Benchmarks.Workload;
using HybridStore.Servers;

namespace HybridStore.Benchmarks.Contenders;

/// <summary>Servers of its own and the contenders, whose caches are full. Everybody connects straight, past the test proxy.</summary>
internal sealed class Contest : IAsyncDisposable
{
    private readonly ProductTable _table;

    private Contest(TestServers servers, ProductTable table, IReadOnlyList<Contender> contenders)
    {
        Servers = servers;
        _table = table;
        Contenders = contenders;
    }

    public TestServers Servers { get; }

    /// <summary>The store comes first.</summary>
    public IReadOnlyList<Contender> Contenders { get; }

    public static async Task<Contest> StartAsync()
    {
        var servers = await TestServers.StartAsync();
        var database = servers.Postgres.PastProxy(await servers.Postgres.CreateDatabaseAsync());
        var table = await ProductTable.CreateAsync(database);
        var redis = servers.Redis.DirectConnectionString;
        var contest = new Contest(servers, table,
        [
            await HybridStoreContender.StartAsync(table, redis),
            await RedisClientContender.StartAsync(table, redis),
            await FusionCacheContender.StartAsync(table, redis),
            await HybridCacheContender.StartAsync(table, redis),
            new PostgresContender(table),
        ]);
        foreach (var contender in contest.Contenders)
        {
            await contender.FillAsync();
        }

        return contest;
    }

    public Contender this[string name] => Contenders.Single(contender => contender.Name == name);

    /// <summary>How many commands Redis has carried out.</summary>
    public async Task<long> RedisCommandsAsync()
    {
        var connection = await Servers.Redis.ConnectDirectlyAsync();
        var sections = await connection.GetServers().Single().InfoAsync("stats");
        return long.Parse(
            sections.SelectMany(section => section).Single(pair => pair.Key == "total_commands_processed").Value,
            System.Globalization.CultureInfo.InvariantCulture);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var contender in Contenders)
        {
            await contender.DisposeAsync();
        }

        await _table.DisposeAsync();
        await Servers.DisposeAsync();
    }
}
