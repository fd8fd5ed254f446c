using System.Globalization;
using HybridStore.Benchmarks.Workload;
using HybridStore.Servers;

namespace HybridStore.Benchmarks.Contenders;

/// <summary>Servers of its own and the contenders. Everybody connects straight, past the test proxy.</summary>
internal sealed class Contest : IAsyncDisposable
{
    public static readonly string[] Everybody = ["store", "raw", "fusion", "hybridcache", "postgres"];

    private readonly ProductTable _table;

    private Contest(TestServers servers, ProductTable table, IReadOnlyList<Contender> contenders)
    {
        Servers = servers;
        _table = table;
        Contenders = contenders;
    }

    public TestServers Servers { get; }

    public ProductTable Table => _table;

    public IReadOnlyList<Contender> Contenders { get; }

    /// <summary>Starts a contest of hits: all caches are full.</summary>
    /// <param name="names">Who takes part, in this order; nobody named means everybody.</param>
    public static async Task<Contest> StartAsync(params string[] names)
    {
        var contest = await StartEmptyAsync(names);
        try
        {
            foreach (var contender in contest.Contenders)
            {
                await contender.FillAsync();
            }

            return contest;
        }
        catch
        {
            await contest.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts a contest of misses: Redis is empty.</summary>
    /// <param name="names">Who takes part, in this order; nobody named means everybody.</param>
    public static async Task<Contest> StartEmptyAsync(params string[] names)
    {
        var servers = await TestServers.StartAsync();
        try
        {
            var table = await ProductTable.CreateAsync(servers.Postgres.PastProxy(await servers.Postgres.CreateDatabaseAsync()));
            var contenders = new List<Contender>();
            foreach (var name in names is [] ? Everybody : names)
            {
                contenders.Add(await StartAsync(name, table, servers.Redis.DirectConnectionString));
            }

            return new Contest(servers, table, contenders);
        }
        catch
        {
            // Servers are processes of their own: they would outlive this one.
            await servers.DisposeAsync();
            throw;
        }
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

    private static async Task<Contender> StartAsync(string name, ProductTable table, string redis) => name switch
    {
        "store" => await HybridStoreContender.StartAsync(table, redis),
        "raw" => await RedisClientContender.StartAsync(table, redis),
        "fusion" => await FusionCacheContender.StartAsync(table, redis),
        "hybridcache" => await HybridCacheContender.StartAsync(table, redis),
        "postgres" => new PostgresContender(table),
        _ => throw new ArgumentException($"There is no contender {name}; known are {string.Join(", ", Everybody)}.", nameof(name)),
    };
}
