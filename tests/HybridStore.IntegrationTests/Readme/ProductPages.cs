namespace HybridStore.IntegrationTests.Readme;

// readme: page
public sealed class ProductPages(IHybridStore store)
{
    private static readonly KeyTemplate<int> ProductKey = new("product:{id}");
    private static readonly KeyTemplate<int> CategoryTag = new("category:{id}");
    private static readonly EntryOptions Prices = EntryOptions.Policy(PolicyNames.Price);

    // The products of a page, in its order; null where there is none.
    public ValueTask<IReadOnlyList<Product?>> FindAsync(IReadOnlyList<int> ids, CancellationToken cancellationToken = default) =>
        store.GetManyAsync(ids, ProductKey.For, LoadAsync, product => product.Id, Prices, cancellationToken);

    // The same keys, the same load: what is warmed is what a page finds.
    public Task<WarmProgress> WarmAsync(IAsyncEnumerable<int> ids, CancellationToken cancellationToken = default) =>
        store.WarmAsync(
            ids,
            ProductKey.For,
            LoadAsync,
            product => product.Id,
            new WarmOptions { Entries = Prices },
            cancellationToken: cancellationToken);

    // Is asked for what is not cached, and only for that.
    private static async ValueTask<IReadOnlyList<Product>> LoadAsync(
        IReadOnlyList<int> ids, BatchLoadContext<int> load, CancellationToken cancellationToken)
    {
        var products = await load.QueryAsync<Product>(
            "select id, category_id as CategoryId, name, price from product where id = any(@ids)",
            new { ids },
            cancellationToken);
        foreach (var product in products)
        {
            load.AddTag(product.Id, CategoryTag.For(product.CategoryId));
        }

        return products;
    }
}
// readme: end
