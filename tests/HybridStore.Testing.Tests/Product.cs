namespace HybridStore.Testing.Tests;

internal sealed record Product(int Id, string Name, decimal Price);

/// <summary>A repository as applications have them.</summary>
internal sealed class ProductRepository(IHybridStore store)
{
    public ValueTask<Product?> FindAsync(int id, CancellationToken cancellationToken) => store.GetAsync<Product>(
        $"product:{id}", "select id, name, price from product\n  where id = @id", new { id }, cancellationToken: cancellationToken);

    public async Task<int> DiscountAsync(int category, CancellationToken cancellationToken)
    {
        var receipt = await store.WriteAsync<int>(
            async (write, token) =>
            {
                write.InvalidateTag($"category:{category}");
                foreach (var id in await write.QueryAsync<int>(
                    "update product set price = price / 2 where category = @category returning id", new { category }, token))
                {
                    write.Invalidate($"product:{id}");
                }

                return await write.ExecuteAsync("insert into audit (what) values ('discount')", null, token);
            },
            cancellationToken: cancellationToken);
        return receipt.Result;
    }
}
