using HybridStore.Benchmarks.Workload;
using HybridStore.Registration;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace HybridStore.Benchmarks.Contenders;

/// <summary>This library, as an application registers it.</summary>
internal sealed class HybridStoreContender : Contender
{
    private static readonly string[] Names = Keys(string.Empty);

    private readonly ServiceProvider _services;
    private readonly IConnectionMultiplexer _multiplexer;

    private HybridStoreContender(ProductTable table, ServiceProvider services, IConnectionMultiplexer multiplexer)
        : base("store", table)
    {
        _services = services;
        _multiplexer = multiplexer;
        Store = services.GetRequiredService<IHybridStore>();
    }

    public IHybridStore Store { get; }

    public IServiceProvider Services => _services;

    public IConnectionMultiplexer Multiplexer => _multiplexer;

    public static string KeyOf(int id) => Names[id];

    public static async Task<HybridStoreContender> StartAsync(
        ProductTable table, string redis, Action<HybridStoreOptions>? configure = null)
    {
        var multiplexer = await RedisConnections.ConnectAsync(redis);
        var services = new ServiceCollection();
        services.AddHybridStore(options =>
            {
                options.Defaults = new EntryOptions { TimeToLive = TimeSpan.FromHours(1) };

                // The client's own, which all others have: a busy machine must not make a miss of a hit.
                options.RedisTimeout = TimeSpan.FromSeconds(5);
                configure?.Invoke(options);
            })
            .UsePostgres(_ => table.DataSource)
            .UseRedis(_ => multiplexer);
        var contender = new HybridStoreContender(table, services.BuildServiceProvider(), multiplexer);
        var root = contender._services.GetRequiredService<StoreRoot>();
        await root.StartAsync(CancellationToken.None);
        await root.Redis!.Ready;
        return contender;
    }

    public override ValueTask<Product> ReadAsync(int id) => ReadAsync(Store, id);

    /// <summary>The same through a view.</summary>
    public ValueTask<Product> ReadAsync(IHybridStore store, int id) => store.GetAsync(
        Names[id], (Contender: this, id), static (state, context, token) => state.Contender.LoadAsync(state.id, context, token));

    /// <summary>Many at once.</summary>
    public async Task<IReadOnlyList<Product?>> ReadManyAsync(int[] ids)
    {
        var products = await Store.GetManyAsync(
            ids,
            static id => Names[id],
            this,
            static async (contender, missing, context, token) =>
            {
                contender.NoteLoad();
                var rows = await context.QueryAsync<Product>(ProductTable.ByIds, new { ids = missing }, token);
                return (IEnumerable<KeyValuePair<int, Product>>)[.. rows.Select(row => KeyValuePair.Create(row.Id, row))];
            });
        return products[^1]?.Id == ids[^1] ? products : throw new InvalidOperationException("The answer is of another page.");
    }

    public override async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        await _multiplexer.DisposeAsync();
    }

    /// <summary>The query goes through the context, as an application's does: it is stamped.</summary>
    private async ValueTask<Product> LoadAsync(int id, LoadContext context, CancellationToken cancellationToken)
    {
        NoteLoad();
        return (await context.QuerySingleOrDefaultAsync<Product>(ProductTable.ById, new { id }, cancellationToken))!;
    }
}
