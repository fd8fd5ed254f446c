using HybridStore.Benchmarks.Contenders;
using HybridStore.Registration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using StackExchange.Redis;

namespace HybridStore.Benchmarks.Figures.Stampedes;

/// <summary>This library, as an application registers it.</summary>
internal sealed class HybridStoreColdReader : ColdReader
{
    private readonly IConnectionMultiplexer _multiplexer;
    private readonly ServiceProvider _services;
    private readonly IHybridStore _store;

    private HybridStoreColdReader(IConnectionMultiplexer multiplexer, ServiceProvider services)
    {
        (_multiplexer, _services) = (multiplexer, services);
        _store = services.GetRequiredService<IHybridStore>();
    }

    public static async Task<ColdReader> StartAsync(NpgsqlDataSource dataSource, string redis)
    {
        var multiplexer = await RedisConnections.ConnectAsync(redis);
        var services = new ServiceCollection();
        services.AddHybridStore(static options =>
            {
                options.KeyPrefix = "ours";
                options.Defaults = new EntryOptions { TimeToLive = TimeToLive };

                // The client's own, which all others have.
                options.RedisTimeout = TimeSpan.FromSeconds(5);
            })
            .UsePostgres(_ => dataSource)
            .UseRedis(_ => multiplexer);
        var reader = new HybridStoreColdReader(multiplexer, services.BuildServiceProvider());
        var root = reader._services.GetRequiredService<StoreRoot>();
        await root.StartAsync(CancellationToken.None);
        await root.Redis!.Ready;
        return reader;
    }

    public override ValueTask<ColdItem> ReadAsync(int id) => _store.GetAsync(
        KeyOf(id),
        id,
        static async (id, context, token) =>
            await context.QuerySingleOrDefaultAsync<ColdItem>(ColdItemTable.ById, new { id }, token)
            ?? throw new InvalidOperationException($"There is no item {id}."));

    public override async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        await _multiplexer.DisposeAsync();
    }
}
