using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace HybridStore.IntegrationTests.Readme;

/// <summary>The 60-second start as it stands in README.md.</summary>
internal static class QuickStart
{
    /// <summary>Returns the name before and after the write.</summary>
    public static async Task<(string? Before, string? After)> RunAsync(string[] args)
    {
        // readme: start
        var builder = Host.CreateApplicationBuilder(args); // or WebApplication.CreateBuilder(args)

        builder.Services.AddHybridStore(options =>
        {
            options.PostgresConnectionString = builder.Configuration.GetConnectionString("Postgres"); // Host=localhost;Database=shop;...
            options.RedisConnectionString = builder.Configuration.GetConnectionString("Redis"); // localhost:6379
        });

        using var app = builder.Build();
        await app.StartAsync();
        var store = app.Services.GetRequiredService<IHybridStore>();

        // Loads from PostgreSQL and caches; the next read is answered by Redis.
        var name = await store.GetAsync<string>(
            "product:42:name", "select name from product where id = @id", new { id = 42 });

        // Writes to PostgreSQL, commits, and then removes the cached value.
        await store.WriteAsync(async (write, cancellationToken) =>
        {
            await write.ExecuteAsync("update product set name = 'Teapot' where id = @id", new { id = 42 }, cancellationToken);
            write.Invalidate("product:42:name");
        });
        // readme: end

        var after = await store.GetAsync<string>(
            "product:42:name", "select name from product where id = @id", new { id = 42 });
        return (name, after);
    }
}
