using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace HybridStore.IntegrationTests.Journaling;

/// <summary>A database of one test class, whose tests run one after another and read the journal past the store.</summary>
public sealed class JournalFixture(ServersFixture servers) : IAsyncLifetime
{
    private NpgsqlDataSource? _dataSource;
    private int _names;

    public string ConnectionString { get; private set; } = "";

    public NpgsqlDataSource DataSource => _dataSource ?? throw new InvalidOperationException("There is no database yet.");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        ConnectionString = await servers.Postgres.CreateDatabaseAsync(Cancellation);
        _dataSource = NpgsqlDataSource.Create(ConnectionString);
    }

    /// <summary>A name that no other test uses, for tables and, on the whole server, for roles.</summary>
    public string NewName(string noun) => $"{noun}_{Guid.NewGuid().ToString("N")[..8]}_{Interlocked.Increment(ref _names)}";

    /// <summary>An application that watches something in this database. It is not started.</summary>
    public ServiceProvider Application(Action<IHybridStoreBuilder> watch, Action<HybridStoreOptions>? configure = null)
    {
        var services = new ServiceCollection();
        watch(services.AddHybridStore(options =>
        {
            options.PostgresConnectionString = ConnectionString;
            options.RedisConnectionString = servers.Redis.ConnectionString;
            configure?.Invoke(options);
        }));
        return services.BuildServiceProvider();
    }

    public async Task InstallAsync(Action<IHybridStoreBuilder> watch, Action<HybridStoreOptions>? configure = null)
    {
        await using var application = Application(watch, configure);
        await application.GetRequiredService<HybridStoreSchema>().InstallAsync(Cancellation);
    }

    /// <summary>Creates a table and watches it.</summary>
    public async Task WatchAsync(
        string createTable, string table, Action<WatchedTableBuilder> configure, Action<HybridStoreOptions>? options = null)
    {
        await ExecuteAsync(createTable);
        await InstallAsync(builder => builder.Watch(table, configure), options);
        await TakeAsync();
    }

    /// <summary>Runs statements, each in a transaction of its own unless they say otherwise.</summary>
    public async Task ExecuteAsync(params string[] statements)
    {
        await using var connection = await DataSource.OpenConnectionAsync(Cancellation);
        foreach (var statement in statements)
        {
            await using var command = new NpgsqlCommand(statement, connection);
            await command.ExecuteNonQueryAsync(Cancellation);
        }
    }

    public async Task<T> ScalarAsync<T>(string sql)
    {
        await using var command = DataSource.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync(Cancellation))!;
    }

    /// <summary>What one or several statements leave in the journal.</summary>
    internal async Task<IReadOnlyList<JournalRow>> JournalOfAsync(params string[] statements)
    {
        await ExecuteAsync("delete from hybridstore.journal");
        await ExecuteAsync(statements);
        return await TakeAsync();
    }

    /// <summary>Takes what is in the journal.</summary>
    internal async Task<IReadOnlyList<JournalRow>> TakeAsync()
    {
        await using var command = DataSource.CreateCommand(
            "with taken as (delete from hybridstore.journal returning *) select keys, tags, everything, skipped from taken order by written_at");
        await using var reader = await command.ExecuteReaderAsync(Cancellation);
        var rows = new List<JournalRow>();
        while (await reader.ReadAsync(Cancellation))
        {
            var (keys, tags) = (reader.GetFieldValue<string[]>(0), reader.GetFieldValue<string[]>(1));
            rows.Add(new JournalRow(Joined(keys), Joined(tags), reader.GetBoolean(2), reader.GetInt32(3)));
        }

        return rows;
    }

    public async ValueTask DisposeAsync()
    {
        if (_dataSource is not null)
        {
            await _dataSource.DisposeAsync();
        }
    }

    private static string Joined(string[] names) => string.Join(' ', names.Order(StringComparer.Ordinal));
}
