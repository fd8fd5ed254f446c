using HybridStore.Benchmarks.Contenders;
using HybridStore.Fencing;
using HybridStore.Registration;
using HybridStore.Servers;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using StackExchange.Redis;

namespace HybridStore.Benchmarks.Figures.Watches;

/// <summary>An application whose store applies the journal of a database to Redis.</summary>
internal sealed class ListeningStore : IAsyncDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(1);

    private readonly ServiceProvider _services;
    private readonly IConnectionMultiplexer _multiplexer;
    private readonly StoreRoot _root;

    private ListeningStore(ServiceProvider services, IConnectionMultiplexer multiplexer, NpgsqlDataSource dataSource)
    {
        _services = services;
        _multiplexer = multiplexer;
        _root = services.GetRequiredService<StoreRoot>();
        DataSource = dataSource;
    }

    public IHybridStore Store => _root.Store;

    public NpgsqlDataSource DataSource { get; }

    /// <summary>Whether it applies the journal.</summary>
    public bool IsLeading => _root.Listener is { IsLeading: true };

    /// <summary>Starts the store: triggers stand on the watched tables when this returns, and it may not lead yet.</summary>
    /// <param name="servers">The servers.</param>
    /// <param name="database">The database, which has the tables.</param>
    /// <param name="watch">What is watched.</param>
    public static async Task<ListeningStore> StartAsync(TestServers servers, string database, Action<IHybridStoreBuilder> watch)
    {
        var multiplexer = await RedisConnections.ConnectAsync(servers.Redis.DirectConnectionString);
        var dataSource = NpgsqlDataSource.Create(database);
        var services = new ServiceCollection();
        var builder = services.AddHybridStore(options =>
            {
                // All share one Redis.
                options.KeyPrefix = new NpgsqlConnectionStringBuilder(database).Database!;
                options.Journal.InstallAtStart = true;
                options.Journal.Enabled = true;

                // The client's own: a busy machine must not make an outage of a slow answer.
                options.RedisTimeout = TimeSpan.FromSeconds(5);
            })
            .UsePostgres(_ => dataSource)
            .UseRedis(_ => multiplexer);
        watch(builder);
        var store = new ListeningStore(services.BuildServiceProvider(), multiplexer, dataSource);
        await store._root.StartAsync(CancellationToken.None);
        await store._root.Redis!.Ready;
        return store;
    }

    /// <summary>The name in Redis of the entry of a key.</summary>
    public RedisKey EntryName(string key)
    {
        var session = _root.Redis!.Session!;
        return session.Generations.Current!.Entry(session.Layout.PartitionOf(key), key);
    }

    /// <summary>Waits until everything that is committed by now is applied.</summary>
    public async Task SettleAsync()
    {
        await using var command = DataSource.CreateCommand("select pg_current_snapshot()::text");
        var now = SnapshotStamp.Parse((string)(await command.ExecuteScalarAsync())!);
        while (!await HasAppliedAsync(now))
        {
            await Task.Delay(Look);
        }
    }

    /// <summary>Waits until the listener sleeps, or may: nobody sees it awake.</summary>
    public async Task SleepsAsync()
    {
        await using var command = DataSource.CreateCommand(
            "select last_value < extract(epoch from clock_timestamp()) * 1000000 from hybridstore.bell");
        while (!(bool)(await command.ExecuteScalarAsync())!)
        {
            await Task.Delay(50 * Look);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        await _multiplexer.DisposeAsync();
        await DataSource.DisposeAsync();
    }

    private async Task<bool> HasAppliedAsync(SnapshotStamp what)
    {
        if (_root.Redis!.Session is not { } session)
        {
            return false;
        }

        for (var partition = 0; partition < session.Layout.Partitions.Count; partition++)
        {
            ReadOnlyMemory<byte> bytes = await session.Database.StringGetAsync(session.Layout.Mark(partition));
            if (!AppliedMark.TryParse(bytes.Span, out var mark) || !mark.Covers(what))
            {
                return false;
            }
        }

        return true;
    }
}
