using HybridStore;

namespace Storefront.Products;

/// <summary>Stock, as it is shown and as it is.</summary>
public sealed class StockRepository(IHybridStore store)
{
    /// <summary>Orders invalidate it.</summary>
    public static readonly KeyTemplate<int> Key = new("stock:{productId}");

    private const string Query = "select stock from product where id = @productId";

    private static readonly EntryOptions Shown = EntryOptions.Policy(PolicyNames.Inventory);

    /// <summary>For pages. The warehouse changes the table without telling the shop, so this may be minutes old.</summary>
    public ValueTask<int?> ShownAsync(int productId, CancellationToken cancellationToken = default) =>
        store.GetAsync<int?>(Key.For(productId), Query, new { productId }, Shown, cancellationToken);

    /// <summary>For decisions: the same read past the cache. It stores nothing either.</summary>
    public ValueTask<int?> NowAsync(int productId, CancellationToken cancellationToken = default) =>
        store.GetAsync<int?>(Key.For(productId), Query, new { productId }, EntryOptions.Never, cancellationToken);
}
