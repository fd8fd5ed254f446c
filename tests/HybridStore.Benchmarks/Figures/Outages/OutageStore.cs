using HybridStore.Fencing;
using HybridStore.Registration;
using HybridStore.Servers;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace HybridStore.Benchmarks.Figures.Outages;

/// <summary>One of two instances of an application, behind the proxies of both servers.</summary>
internal sealed class OutageStore : IAsyncDisposable
{
    public const int Rows = 200;
    // Fewer than the callers of an instance need: without a limit all of them would be taken.
    public const int PoolSize = 24;

    // Short, so that a run is: production has 30 s.
    public static readonly TimeSpan Break = TimeSpan.FromSeconds(1);

    public static readonly TimeSpan RedisTimeout = TimeSpan.FromMilliseconds(200);

    private static readonly string[] Keys = [.. Enumerable.Range(0, Rows + 1).Select(id => $"item:{id}")];

    private readonly ServiceProvider _services;
    private readonly NpgsqlDataSource _dataSource;
    private int _loads;
    private int _running;
    private int _most;

    private OutageStore(ServiceProvider services, NpgsqlDataSource dataSource)
    {
        (_services, _dataSource) = (services, dataSource);
        Root = services.GetRequiredService<StoreRoot>();
    }

    public StoreRoot Root { get; }

    /// <summary>How many loads have run.</summary>
    public int Loads => Volatile.Read(ref _loads);

    /// <summary>The most loads that ran at once since it was asked last.</summary>
    public int TakeMost() => Interlocked.Exchange(ref _most, 0);

    public static async Task<OutageStore> StartAsync(TestServers servers, string database)
    {
        var connection = new NpgsqlConnectionStringBuilder(database) { MaxPoolSize = PoolSize };
        var dataSource = NpgsqlDataSource.Create(connection);
        var services = new ServiceCollection();
        services.AddHybridStore(options =>
            {
                options.RedisConnectionString = servers.Redis.ConnectionString;
                options.KeyPrefix = connection.Database!;
                options.RedisTimeout = RedisTimeout;
                options.CircuitBreaker.BreakDuration = Break;
                options.Journal.InstallAtStart = true;
            })
            .Watch("item", static item => item.Key("item:{id}"))
            .UsePostgres(_ => dataSource);
        var store = new OutageStore(services.BuildServiceProvider(), dataSource);
        await store.Root.StartAsync(CancellationToken.None);
        await store.Root.Redis!.Ready;
        return store;
    }

    public ValueTask<long> ReadAsync(int id) => Root.Store.GetAsync(
        Keys[id], (Store: this, id), static (state, context, token) => state.Store.LoadAsync(state.id, context, token));

    /// <summary>Raises a row's value and names its key; also the journal hears of it.</summary>
    public async Task<long> WriteAsync(int id)
    {
        var value = 0L;
        await Root.Store.WriteAsync(async (write, token) =>
        {
            value = await write.ExecuteScalarAsync<long>("update item set value = value + 1 where id = @id returning value", new { id }, token);
            write.Invalidate(Keys[id]);
        });
        return value;
    }

    /// <summary>Whether reads ask Redis and trust what it says.</summary>
    public bool ReadsRedis => Root.Redis!.Session is { } session
        && session.Breakers[0].IsClosed
        && !session.Breakers[0].IsSuspect
        && Root.Gate!.Count == 0;

    public bool IsOpen => Root.Redis!.Session is { } session && !session.Breakers[0].IsClosed;

    public async Task<SnapshotStamp> SnapshotAsync()
    {
        await using var command = _dataSource.CreateCommand("select pg_current_snapshot()::text");
        return SnapshotStamp.Parse((string)(await command.ExecuteScalarAsync())!);
    }

    /// <summary>Whether the journal is applied up to a snapshot.</summary>
    public async Task<bool> HasAppliedAsync(SnapshotStamp snapshot)
    {
        var session = Root.Redis!.Session!;
        ReadOnlyMemory<byte> mark = await session.Database.StringGetAsync(session.Layout.Mark(0));
        return AppliedMark.TryParse(mark.Span, out var parsed) && parsed.Covers(snapshot);
    }

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        await _dataSource.DisposeAsync();
    }

    private async ValueTask<long> LoadAsync(int id, LoadContext context, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _loads);
        var running = Interlocked.Increment(ref _running);
        for (var most = Volatile.Read(ref _most); running > most; most = Volatile.Read(ref _most))
        {
            Interlocked.CompareExchange(ref _most, running, most);
        }

        try
        {
            return await context.ExecuteScalarAsync<long>("select value from item where id = @id", new { id }, cancellationToken);
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
    }
}
