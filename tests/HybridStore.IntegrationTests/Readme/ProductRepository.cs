namespace HybridStore.IntegrationTests.Readme;

// readme: repository
public sealed record Product(int Id, int CategoryId, string Name, decimal Price);

public sealed class ProductRepository(IHybridStore store)
{
    private static readonly KeyTemplate<int> ProductKey = new("product:{id}");
    private static readonly KeyTemplate<int> ListKey = new("category:{id}:products");
    private static readonly KeyTemplate<int> CategoryTag = new("category:{id}");

    // Kept as long as the policy says (1 minute); that there is no such product is remembered for 30 seconds.
    private static readonly EntryOptions Prices =
        EntryOptions.Policy(PolicyNames.Price) with { NegativeTimeToLive = TimeSpan.FromSeconds(30) };

    // A load of your own: its tags may depend on what it finds.
    public ValueTask<Product?> FindAsync(int id, CancellationToken cancellationToken = default) =>
        store.GetAsync(
            ProductKey.For(id),
            async (load, token) =>
            {
                var product = await load.QuerySingleOrDefaultAsync<Product>(
                    "select id, category_id as CategoryId, name, price from product where id = @id", new { id }, token);
                if (product is not null)
                {
                    load.AddTag(CategoryTag.For(product.CategoryId));
                }

                return product;
            },
            Prices,
            cancellationToken);

    // Or only the SQL.
    public ValueTask<IReadOnlyList<Product>> ListAsync(int categoryId, CancellationToken cancellationToken = default) =>
        store.GetListAsync<Product>(
            ListKey.For(categoryId),
            "select id, category_id as CategoryId, name, price from product where category_id = @categoryId order by name",
            new { categoryId },
            Prices,
            cancellationToken);

    // What is named is invalidated after the commit; if the write fails it is rolled back, and nothing is.
    public Task ChangePriceAsync(int id, decimal price, CancellationToken cancellationToken = default) =>
        store.WriteAsync(
            async (write, token) =>
            {
                var categoryId = await write.QuerySingleOrDefaultAsync<int?>(
                    "update product set price = @price where id = @id returning category_id", new { id, price }, token);
                if (categoryId is { } changed)
                {
                    write.Invalidate(ProductKey.For(id));
                    write.Invalidate(ListKey.For(changed));
                }
            },
            cancellationToken: cancellationToken);

    // All entries under the tag go, whatever their keys; a write can return a result.
    public async Task<int> DiscountAsync(int categoryId, decimal percent, CancellationToken cancellationToken = default)
    {
        var receipt = await store.WriteAsync<int>(
            async (write, token) =>
            {
                write.InvalidateTag(CategoryTag.For(categoryId));
                write.Invalidate(ListKey.For(categoryId));
                return await write.ExecuteAsync(
                    "update product set price = price * (1 - @percent / 100) where category_id = @categoryId",
                    new { categoryId, percent },
                    token);
            },
            cancellationToken: cancellationToken);
        return receipt.Result;
    }

    // Stock at the moment of an order is never taken from the cache.
    public ValueTask<int> StockAsync(int id, CancellationToken cancellationToken = default) =>
        store.GetAsync<int>(
            ProductKey.For(id), "select stock from product where id = @id", new { id }, EntryOptions.Never, cancellationToken);
}
// readme: end
