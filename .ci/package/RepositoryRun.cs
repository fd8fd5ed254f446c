using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Consumer;

/// <summary>
/// An application with the README's repository class, whose contract here is: <c>ProductRepository(IHybridStore)</c> with
/// <c>FindAsync(int id)</c> and <c>ChangePriceAsync(int id, decimal price)</c> over the table below.
/// </summary>
internal static class RepositoryRun
{
    private const string Schema =
        """
        create table product (
            id int primary key, category_id int not null, name text not null, price numeric not null, stock int not null default 5);
        insert into product values (1, 7, 'Kettle', 39.90);
        """;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public static async Task RunAsync()
    {
        var postgres = await CreateDatabaseAsync(Setting("HYBRIDSTORE_TEST_POSTGRES"));
        var builder = Host.CreateApplicationBuilder();
        builder.Services.AddHybridStore(options =>
        {
            options.PostgresConnectionString = postgres;
            options.RedisConnectionString = Setting("HYBRIDSTORE_TEST_REDIS");
            options.KeyPrefix = $"consumer-{Environment.ProcessId}";
        });
        builder.Services.AddSingleton<ProductRepository>();
        using var host = builder.Build();
        await host.StartAsync();
        var products = host.Services.GetRequiredService<ProductRepository>();

        Check.That((await products.FindAsync(1))?.Price == 39.90m, "a cold read finds the row");
        Check.That(await products.FindAsync(404) is null, "a row that is not there is null");
        var cached = await WarmAsync(products, postgres);
        await SetPriceBehindAsync(postgres, 1);
        Check.That((await products.FindAsync(1))?.Price == cached, "a warm read does not ask PostgreSQL");
        await products.ChangePriceAsync(1, 34.50m);
        Check.That((await products.FindAsync(1))?.Price == 34.50m, "a read after a write has the new value");
        Check.That(await PriceInPostgresAsync(postgres) == 34.50m, "the write is in PostgreSQL");
        await host.StopAsync();
    }

    /// <summary>Redis is connected in the background. It is there when a read does not see what was changed behind the store.</summary>
    private static async Task<decimal> WarmAsync(ProductRepository products, string postgres)
    {
        var started = Stopwatch.GetTimestamp();
        for (var price = 40m; Stopwatch.GetElapsedTime(started) < Patience; price++)
        {
            var before = (await products.FindAsync(1))!.Price;
            await SetPriceBehindAsync(postgres, price);
            if ((await products.FindAsync(1))!.Price == before)
            {
                return before;
            }

            await Task.Delay(50);
        }

        throw new InvalidOperationException($"Not so: the cache is warm after {Patience.TotalSeconds} s");
    }

    private static async Task<string> CreateDatabaseAsync(string server)
    {
        var name = $"consumer_{Guid.NewGuid():N}";
        await RunSqlAsync(server, $"create database {name} template template0");
        var database = new NpgsqlConnectionStringBuilder(server) { Database = name }.ConnectionString;
        await RunSqlAsync(database, Schema);
        return database;
    }

    private static Task SetPriceBehindAsync(string database, decimal price) =>
        RunSqlAsync(database, FormattableString.Invariant($"update product set price = {price} where id = 1"));

    private static async Task<decimal> PriceInPostgresAsync(string database) =>
        (decimal)(await RunSqlAsync(database, "select price from product where id = 1"))!;

    private static async Task<object?> RunSqlAsync(string connectionString, string sql)
    {
        await using var source = NpgsqlDataSource.Create(connectionString);
        await using var command = source.CreateCommand(sql);
        return await command.ExecuteScalarAsync();
    }

    private static string Setting(string name) =>
        Environment.GetEnvironmentVariable(name) ?? throw new InvalidOperationException($"{name} is not set.");
}
