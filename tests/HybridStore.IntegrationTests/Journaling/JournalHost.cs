using HybridStore.Fencing;
using HybridStore.IntegrationTests.Resilience;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace HybridStore.IntegrationTests.Journaling;

/// <summary>An application whose store listens to a journal, on a table of items that is watched.</summary>
internal sealed class JournalHost(StoreHost host, Barrier? barrier) : IAsyncDisposable
{
    private const string Table = """
        create table item (id int primary key, owner int, value int not null);
        insert into item select id, id % 10, 0 from generate_series(1, 100) id;
        """;

    public StoreHost Host => host;

    /// <summary>Where the store is held, if its protocol has been given one.</summary>
    public Barrier Barrier => barrier ?? throw new InvalidOperationException("The store has no barrier.");

    public IHybridStore Store => host.Store;

    /// <summary>How often a value was loaded.</summary>
    public int Loads { get; private set; }

    /// <summary>Whether this instance applies the journal.</summary>
    public bool IsLeading => host.Root.Listener is { IsLeading: true };

    public static async Task<JournalHost> StartAsync(
        IStoreServers servers,
        Action<HybridStoreOptions>? configure = null,
        JournalHost? besides = null,
        bool isListening = true,
        bool waitForRedis = true,
        string? database = null)
    {
        database ??= besides?.Host.ConnectionString ?? await servers.CreateDatabaseAsync(TestContext.Current.CancellationToken);
        if (besides is null)
        {
            await using var source = Npgsql.NpgsqlDataSource.Create(database);
            await using var command = source.CreateCommand(Table);
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        Barrier? barrier = null;
        var host = await StoreHost.StartAsync(
            servers,
            options =>
            {
                options.Journal.InstallAtStart = besides is null;
                options.Journal.RunListener = isListening;
                options.Journal.MarkInterval = TimeSpan.FromMilliseconds(100);
                configure?.Invoke(options);
                barrier = options.Protocol?.Gate as Barrier;
            },
            register: (services, builder) =>
            {
                services.AddMetrics();
                services.AddHealthChecks().AddHybridStore();
                builder.Watch("item", item => item.Key("item:{id}").Tag("owner:{owner}"));
            },
            besides: besides?.Host,
            waitForRedis: waitForRedis,
            database: database);
        var journal = new JournalHost(host, barrier);
        if (isListening && besides is null && waitForRedis)
        {
            // The first leader empties a cache that it knows nothing of.
            await journal.SettleAsync();
        }

        return journal;
    }

    /// <summary>The value of an item, from the cache if it is there.</summary>
    public ValueTask<int> ReadAsync(int id, ReadOptions? options = null) => (options is null ? Store : Store.With(options)).GetAsync(
        $"item:{id}",
        async (load, token) =>
        {
            Loads++;
            var (value, owner) = await load.QuerySingleOrDefaultAsync<(int, int?)>("select value, owner from item where id = @id", new { id }, token);
            if (owner is not null)
            {
                load.AddTag($"owner:{owner}");
            }

            return value;
        },
        cancellationToken: TestContext.Current.CancellationToken);

    /// <summary>The store's own Redis.</summary>
    public IDatabase Redis => host.Root.Redis!.Session!.Database;

    /// <summary>Whether Redis holds an entry of an item.</summary>
    public Task<bool> IsCachedAsync(int id) =>
        Redis.KeyExistsAsync(host.EntryName($"item:{id}"), CommandFlags.DemandMaster);

    /// <summary>Microseconds since the Unix epoch on PostgreSQL's clock.</summary>
    public async Task<long> PostgresTimeAsync()
    {
        await using var command = host.DataSource.CreateCommand("select (extract(epoch from clock_timestamp()) * 1000000)::bigint");
        return (long)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }

    /// <summary>The applied mark as it stands in Redis; null if there is none, or Redis is away.</summary>
    public async Task<AppliedMark?> MarkAsync(int partition = 0)
    {
        if (host.Root.Redis!.Session is not { } session)
        {
            return null;
        }

        try
        {
            ReadOnlyMemory<byte> bytes = await session.Database.StringGetAsync(session.Layout.Mark(partition), CommandFlags.DemandMaster);
            return AppliedMark.TryParse(bytes.Span, out var mark) ? mark : null;
        }
        catch (RedisException)
        {
            return null;
        }
    }

    /// <summary>Waits until everything that is committed by now is applied, in every partition.</summary>
    public async Task SettleAsync()
    {
        await using var command = host.DataSource.CreateCommand("select pg_current_snapshot()::text");
        var now = SnapshotStamp.Parse((string)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!);
        var partitions = host.Root.Redis!.Session!.Layout.Partitions.Count;
        await Eventually.HappensAsync(async () =>
        {
            for (var partition = 0; partition < partitions; partition++)
            {
                if (await MarkAsync(partition) is not { } mark || !mark.Covers(now))
                {
                    return false;
                }
            }

            return true;
        }, "the marks cover what is committed");
    }

    public Task LeadsAsync() => Eventually.HappensAsync(() => IsLeading, "the instance leads");

    /// <summary>Ends the sessions of all who lead or stand by on this database.</summary>
    public Task TerminateListenersAsync() => host.ExecuteAsync(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'HybridStore listener' and datname = current_database()");

    public Task ExecuteAsync(string sql) => host.ExecuteAsync(sql);

    public ValueTask DisposeAsync()
    {
        // A test that has failed may have left somebody standing there.
        barrier?.OpenAll();
        return host.DisposeAsync();
    }
}
