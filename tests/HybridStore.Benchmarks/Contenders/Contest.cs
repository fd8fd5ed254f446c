using System.Globalization;
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

    /// <summary>What Redis has done since it started: commands carried out, and microseconds of processor time.</summary>
    public async Task<(double Commands, double CpuMicroseconds)> RedisWorkAsync()
    {
        var connection = await Servers.Redis.ConnectDirectlyAsync();
        var sections = await connection.GetServers().Single().InfoAsync();
        var values = sections.SelectMany(section => section).ToLookup(pair => pair.Key, pair => pair.Value);
        return (Number("total_commands_processed"), (Number("used_cpu_user") + Number("used_cpu_sys")) * 1_000_000);

        double Number(string name) => double.Parse(values[name].Single(), CultureInfo.InvariantCulture);
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
