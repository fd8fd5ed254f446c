using HybridStore.Servers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;
using StackExchange.Redis;

namespace HybridStore.Benchmarks.Figures.Ephemeral;

/// <summary>An application with services beside its store, and a bare client on the same servers.</summary>
internal sealed class EphemeralScene : IAsyncDisposable
{
    public const int Callers = 64;

    private readonly IHost _host;
    private readonly ConnectionMultiplexer _raw;

    private EphemeralScene(TestServers servers, FigureWriter figures, int rounds, IHost host, ConnectionMultiplexer raw, string database)
    {
        (Servers, Figures, RoundCount, _host, _raw) = (servers, figures, rounds, host, raw);
        Database = NpgsqlDataSource.Create(database);
    }

    public TestServers Servers { get; }

    public FigureWriter Figures { get; }

    public int RoundCount { get; }

    public IServiceProvider Services => _host.Services;

    /// <summary>The bare client.</summary>
    public IDatabase Raw => _raw.GetDatabase();

    /// <summary>The bare database.</summary>
    public NpgsqlDataSource Database { get; }

    /// <param name="servers">The servers.</param>
    /// <param name="figures">Where the figures go.</param>
    /// <param name="rounds">How many rounds everybody takes a turn in.</param>
    /// <param name="register">Adds the services that are measured.</param>
    public static async Task<EphemeralScene> StartAsync(
        TestServers servers, FigureWriter figures, int rounds, Action<IHybridStoreBuilder> register)
    {
        var database = servers.Postgres.PastProxy(await servers.Postgres.CreateDatabaseAsync());
        var builder = Host.CreateEmptyApplicationBuilder(settings: null);
        var store = builder.Services.AddHybridStore(options =>
        {
            options.PostgresConnectionString = database;
            options.RedisConnectionString = servers.Redis.DirectConnectionString;
            options.KeyPrefix = RedisServer.NewKeyPrefix().TrimEnd(':');
            options.RedisTimeout = TimeSpan.FromSeconds(5);
        });
        store.ConfigureRealtime(realtime => realtime.InstallAtStart = true);
        register(store);
        var host = builder.Build();
        await host.StartAsync();
        return new EphemeralScene(
            servers, figures, rounds, host, await ConnectionMultiplexer.ConnectAsync(servers.Redis.DirectConnectionString), database);
    }

    /// <summary>Takes turns of calls that 64 callers make side by side, each its share, one after the other.</summary>
    /// <param name="calls">How many calls each way makes in a round.</param>
    /// <param name="ways">The ways, each given the number of a caller and of a call.</param>
    public Task<Dictionary<string, List<Turn>>> CompareAsync(int calls, params (string Name, Func<int, int, Task> Call)[] ways) =>
        CompareAsync(ways.Select(way => (way.Name, Work: (Func<Task>)(() => SideBySideAsync(calls, way.Call)), Count: calls)).ToArray());

    /// <summary>Takes turns of whole pieces of work.</summary>
    public async Task<Dictionary<string, List<Turn>>> CompareAsync(params (string Name, Func<Task> Work, int Count)[] ways)
    {
        foreach (var way in ways)
        {
            await way.Work();
        }

        var turns = await Rounds.TakeAsync(ways, RoundCount, way => Turn.TakeAsync(way.Work, way.Count));
        return turns.ToDictionary(turn => turn.Key.Name, turn => turn.Value, StringComparer.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
        await _raw.DisposeAsync();
        await Database.DisposeAsync();
    }

    private static Task SideBySideAsync(int calls, Func<int, int, Task> call) => Task.WhenAll(
        Enumerable.Range(0, Callers).Select(caller => Task.Run(async () =>
        {
            for (var number = caller; number < calls; number += Callers)
            {
                await call(caller, number);
            }
        })));
}
