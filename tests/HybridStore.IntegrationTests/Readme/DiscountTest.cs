using HybridStore.Testing;

namespace HybridStore.IntegrationTests.Readme;

/// <summary>The unit test as it stands in README.md.</summary>
internal static class DiscountTest
{
    public static async Task<InMemoryHybridStore> RunAsync()
    {
        // readme: testing
        var store = new InMemoryHybridStore();
        store.Answer("from product where id", new Product(42, 7, "Kettle", 40)); // what the SQL contains, and its rows
        store.Answer("update product set price", 1);
        var products = new ProductRepository(store);
        await products.FindAsync(42);

        await products.DiscountAsync(7, percent: 50);

        store.ShouldHaveInvalidatedTag("category:7");
        await products.FindAsync(42);
        store.ShouldHaveRead("product:42", ReadOutcome.Miss);
        // readme: end

        return store;
    }
}
