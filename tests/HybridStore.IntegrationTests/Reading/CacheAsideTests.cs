using Microsoft.Extensions.Logging;

namespace HybridStore.IntegrationTests.Reading;

public sealed class CacheAsideTests(ServersFixture servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_second_read_is_served_without_loading()
    {
        await using var host = await StoreHost.StartAsync(servers);
        await host.ExecuteAsync("create table product (id int primary key, name text, price numeric)");
        await host.ExecuteAsync("insert into product values (1, 'Kettle', 39.90)");

        var cold = await ReadAsync(host);
        await host.ExecuteAsync("update product set price = 1 where id = 1");
        var warm = await ReadAsync(host);

        Assert.Equal(new Product(1, "Kettle", 39.90m), cold);
        Assert.Equal(cold, warm);
        Assert.DoesNotContain(host.Logs.GetSnapshot(), entry => entry.Level >= LogLevel.Warning);
    }

    [Fact]
    public async Task A_write_is_seen_by_the_next_read()
    {
        await using var host = await StoreHost.StartAsync(servers);
        await host.ExecuteAsync("create table product (id int primary key, name text, price numeric)");
        await host.ExecuteAsync("insert into product values (1, 'Kettle', 39.90)");
        await ReadAsync(host);

        var receipt = await host.Store.WriteAsync(
            async (write, token) =>
            {
                await write.ExecuteAsync("update product set price = 35 where id = @id", new { id = 1 }, token);
                write.Invalidate("product:1");
            },
            cancellationToken: Cancellation);

        Assert.Equal(InvalidationStatus.Applied, receipt.Status);
        Assert.NotNull(receipt.TransactionId);
        Assert.Equal(35m, (await ReadAsync(host))?.Price);
    }

    [Fact]
    public async Task An_invalidated_tag_takes_all_its_entries_along()
    {
        await using var host = await StoreHost.StartAsync(servers);
        var loads = 0;
        async Task<int> ReadAsync(int id) => await host.Store.GetAsync(
            $"user:{id}",
            (context, _) =>
            {
                context.AddTag("org:7");
                return ValueTask.FromResult(Interlocked.Increment(ref loads));
            },
            cancellationToken: Cancellation);
        for (var id = 1; id <= 5; id++)
        {
            await ReadAsync(id);
            await ReadAsync(id);
        }

        Assert.Equal(5, loads);
        var receipt = await host.Store.InvalidateTagAsync("org:7", Cancellation);

        Assert.Equal(InvalidationStatus.Applied, receipt.Status);
        for (var id = 1; id <= 5; id++)
        {
            await ReadAsync(id);
        }

        Assert.Equal(10, loads);
    }

    private static async Task<Product?> ReadAsync(StoreHost host) => await host.Store.GetAsync<Product>(
        "product:1", "select id, name, price from product where id = @id", new { id = 1 }, cancellationToken: Cancellation);

    private sealed record Product(int Id, string Name, decimal Price);
}
