using System.Diagnostics.Metrics;
using HybridStore.Registration;
using Microsoft.Extensions.DependencyInjection;

namespace HybridStore.Benchmarks.Races;

/// <summary>This library, as an application registers it.</summary>
internal sealed class HybridStoreRacer : Racer
{
    private static readonly EntryOptions Lasting = new() { TimeToLive = TimeToLive };

    // A load time of 0.3 s times 100 is half of a minute: one read in seven asks for a refresh.
    private static readonly EntryOptions Refreshed = new() { TimeToLive = RefreshedTimeToLive, Beta = 100 };

    private readonly ServiceProvider _services;
    private readonly IHybridStore _store;
    private readonly MeterListener _listener = new();
    private int _refreshes;

    private HybridStoreRacer(ServiceProvider services)
    {
        _services = services;
        _store = services.GetRequiredService<IHybridStore>();
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name == "hybridstore.refreshes")
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((_, _, _, _) => Interlocked.Increment(ref _refreshes));
        _listener.Start();
    }

    public override int Refreshes => Volatile.Read(ref _refreshes);

    public static async Task<Racer> StartAsync(RacerSetup setup)
    {
        var services = new ServiceCollection();
        services.AddSingleton(setup.Clock);
        services.AddHybridStore(options =>
            {
                options.RedisConnectionString = setup.Redis;
                options.KeyPrefix = $"{setup.Prefix}ours";

                // The client's own, which all others have.
                options.RedisTimeout = TimeSpan.FromSeconds(5);
            })
            .UsePostgres(_ => setup.Table.DataSource);
        var racer = new HybridStoreRacer(services.BuildServiceProvider());
        var root = racer._services.GetRequiredService<StoreRoot>();
        await root.StartAsync(CancellationToken.None);
        await root.Redis!.Ready;
        return racer;
    }

    public override async Task<int> ReadAsync(RaceItem item, RaceLoad load, bool refreshed = false) => await _store.GetAsync(
        item.Key,
        async (context, token) =>
        {
            context.AddTag(item.Tag);
            return await load.RunAsync(
                async inner => await context.ExecuteScalarAsync<int>(ItemTable.Query, new { id = item.Id }, inner), token);
        },
        refreshed ? Refreshed : Lasting);

    public override async Task RemoveAsync(RaceItem item) => Applied(await _store.InvalidateKeyAsync(item.Key));

    public override async Task RemoveByTagAsync(RaceItem item) => Applied(await _store.InvalidateTagAsync(item.Tag));

    public override async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _services.DisposeAsync();
    }

    private static void Applied(InvalidationReceipt receipt)
    {
        if (receipt.Status != InvalidationStatus.Applied)
        {
            throw new InvalidOperationException($"The invalidation is {receipt.Status}.");
        }
    }
}
