using HybridStore;
using Storefront.Demo;

namespace Storefront.Tour;

/// <summary>What the steps work with.</summary>
internal sealed record TourContext(
    Terminal Terminal,
    ShopClient Shop,
    IHybridStore Store,
    StoreMeter Meter,
    StoreLog Log,
    DemoServers Servers,
    HybridStoreOptions Options,
    CancellationToken CancellationToken)
{
    /// <summary>Product, price and stock.</summary>
    private const int ReadsPerPage = 3;

    /// <summary>No state takes longer than this to come about, unless something is wrong.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>Waits until the store has logged an event, and shows it.</summary>
    public async Task<LogLine?> LoggedAsync(int eventId, int since)
    {
        await Poll.UntilAsync(() => Log.Find(eventId, since) is not null, Patience, CancellationToken);
        var line = Log.Find(eventId, since);
        if (line is not null)
        {
            Terminal.Log(line.Message);
        }

        return line;
    }

    /// <summary>Waits until a visit of a product's page is answered by Redis alone.</summary>
    public Task<bool> IsCachedAsync(int product) => Poll.UntilAsync(
        async () =>
        {
            var hits = Meter.Hits;
            await Shop.PageAsync(product, CancellationToken);
            return Meter.Hits - hits == ReadsPerPage;
        },
        Patience,
        CancellationToken);
}
