using HybridStore.Testing;

namespace Consumer;

/// <summary>The README's repository class in a unit test, as its users write one.</summary>
internal static class RepositoryTest
{
    public static async Task RunAsync()
    {
        var store = new InMemoryHybridStore();
        store.Answer("from product where id", new Product(1, 7, "Kettle", 39.90m));
        store.Answer("update product set price", 7);
        var products = new ProductRepository(store);

        await products.FindAsync(1);
        await products.FindAsync(1);
        store.ShouldHaveRead("product:1", ReadOutcome.Hit);
        await products.ChangePriceAsync(1, 34.50m);

        store.ShouldHaveInvalidated("product:1");
        store.ShouldHaveInvalidated("category:7:products");
        Check.That(!store.IsCached("product:1"), "the store in memory has invalidated what the repository named");
        Check.That(store.Statements.Count == 2, "a hit runs no statement");
    }
}
