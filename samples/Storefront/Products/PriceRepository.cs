using HybridStore;

namespace Storefront.Products;

/// <summary>Prices: read often, changed at any moment, and then wanted by the very next read.</summary>
public sealed class PriceRepository(IHybridStore store)
{
    private static readonly KeyTemplate<int> Key = new("price:{productId}");

    // One minute, from the policies that every store has. Invalidation is what keeps prices fresh; the time is the safety net.
    private static readonly EntryOptions Prices = EntryOptions.Policy(PolicyNames.Price);

    public ValueTask<decimal?> FindAsync(int productId, CancellationToken cancellationToken = default) =>
        store.GetAsync<decimal?>(
            Key.For(productId),
            "select price from product where id = @productId",
            new { productId },
            Prices,
            cancellationToken);

    /// <summary>PostgreSQL first, then the cache. The result: rows changed, 0 if there is no such product.</summary>
    public Task<WriteReceipt<int>> ChangeAsync(int productId, decimal price, CancellationToken cancellationToken = default) =>
        store.WriteAsync<int>(
            async (context, token) =>
            {
                context.Invalidate(Key.For(productId));
                return await context.ExecuteAsync(
                    "update product set price = @price where id = @productId", new { productId, price }, token);
            },
            cancellationToken: cancellationToken);
}
