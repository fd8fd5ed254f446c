namespace HybridStore.IntegrationTests.Readme;

/// <summary>Two repositories in one transaction, as it stands in README.md.</summary>
internal static class PlacedOrder
{
    public static async Task RunAsync(IHybridStore store, OrderRepository orders, StockRepository stock, int order)
    {
        // readme: joined
        await store.WriteAsync(async (_, token) =>
        {
            await orders.PlaceAsync(order, token); // calls store.WriteAsync
            await stock.ReserveAsync(order, token); // calls store.WriteAsync
        });
        // readme: end
    }

    internal sealed class OrderRepository(IHybridStore store)
    {
        public Task PlaceAsync(int order, CancellationToken cancellationToken) => store.WriteAsync(
            async (write, token) =>
            {
                await write.ExecuteAsync("insert into placed values (@order)", new { order }, token);
                write.Invalidate("orders");
            },
            cancellationToken: cancellationToken);
    }

    internal sealed class StockRepository(IHybridStore store)
    {
        public Task ReserveAsync(int order, CancellationToken cancellationToken) => store.WriteAsync(
            async (write, token) =>
            {
                await write.ExecuteAsync("update product set stock = stock - 1 where id = @order", new { order }, token);
                write.Invalidate("stock");
            },
            cancellationToken: cancellationToken);
    }
}
