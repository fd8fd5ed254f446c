/// <summary>Stands in for the repository class of the README for as long as the README has none.</summary>
public sealed class ProductRepository(IHybridStore store)
{
    private static readonly KeyTemplate<int> Key = new("product:{id}");

    public ValueTask<Product?> FindAsync(int id, CancellationToken cancellationToken = default) =>
        store.GetAsync<Product>(
            Key.For(id), "select id, name, price from product where id = @id", new { id }, cancellationToken: cancellationToken);

    public Task<WriteReceipt> ChangePriceAsync(int id, decimal price, CancellationToken cancellationToken = default) =>
        store.WriteAsync(
            async (write, token) =>
            {
                await write.ExecuteAsync("update product set price = @price where id = @id", new { id, price }, token);
                write.Invalidate(Key.For(id));
            },
            cancellationToken: cancellationToken);
}

public sealed record Product(int Id, string Name, decimal Price);
