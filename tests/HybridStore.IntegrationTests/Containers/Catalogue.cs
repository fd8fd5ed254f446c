using HybridStore.Servers;
using static HybridStore.IntegrationTests.Servers.OwnServers;

namespace HybridStore.IntegrationTests.Containers;

/// <summary>A store over a table with one product, on containers, that notices soon when a server is back.</summary>
internal sealed class Catalogue : IAsyncDisposable
{
    private const string Key = "product:1";

    private readonly StoreHost _host;

    private Catalogue(StoreHost host) => _host = host;

    public IHybridStore Store => _host.Store;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task<Catalogue> StartAsync(TestServers servers, Catalogue? besides = null)
    {
        var host = await StoreHost.StartAsync(
            servers,
            options =>
            {
                options.CircuitBreaker = new CircuitBreakerOptions { FailureThreshold = 1, BreakDuration = TimeSpan.FromSeconds(0.5) };
                options.InvalidationRetry = new InvalidationRetryOptions { MaximumDelay = TimeSpan.FromMilliseconds(200) };
            },
            besides: besides?._host);
        if (besides is null)
        {
            await host.ExecuteAsync("create table product (id int primary key, name text, price numeric)");
            await host.ExecuteAsync("insert into product values (1, 'Kettle', 39.90), (2, 'Toaster', 25)");
        }

        return new Catalogue(host);
    }

    public async Task<decimal?> PriceAsync(int id = 1, CancellationToken? cancellationToken = null) => await Store.GetAsync<decimal?>(
        $"product:{id}",
        "select price from product where id = @id",
        new { id },
        cancellationToken: cancellationToken ?? Cancellation);

    /// <summary>Through the store: what it does is seen by the next read.</summary>
    public Task<WriteReceipt> SetPriceAsync(decimal price, Func<CancellationToken, Task>? midway = null) => Store.WriteAsync(
        async (write, token) =>
        {
            await write.ExecuteAsync("update product set price = @price where id = 1", new { price }, token);
            write.Invalidate(Key);
            if (midway is not null)
            {
                await midway(token);
                await write.ExecuteScalarAsync<int>("select 1", cancellationToken: token);
            }
        },
        cancellationToken: Cancellation);

    /// <summary>Behind the store's back: what is cached stays.</summary>
    public Task ChangeBehindAsync(decimal price) =>
        _host.ExecuteAsync(FormattableString.Invariant($"update product set price = {price} where id = 1"));

    /// <summary>Reads until the entry is in Redis: after an outage a read may come before Redis counts as back.</summary>
    public async Task<decimal?> CachedPriceAsync()
    {
        decimal? price = null;
        await UntilAsync(async () =>
        {
            price = await PriceAsync();
            return (bool)await _host.RedisAsync("EXISTS", _host.EntryName(Key).ToString());
        });
        return price;
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();
}
