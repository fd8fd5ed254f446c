using HybridStore.IntegrationTests.Reading;

namespace HybridStore.IntegrationTests.Hosting;

/// <summary>Two instances of one application: one database, one prefix, two processes' worth of state.</summary>
public sealed class TwoInstancesTests(ServersFixture servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_one_has_loaded_the_other_reads()
    {
        await using var first = await StoreHost.StartAsync(servers);
        await using var second = await StoreHost.StartAsync(servers, besides: first);
        var loads = new NumberedLoads();

        await first.Store.GetAsync("key", loads.RunAsync, cancellationToken: Cancellation);
        await first.Root.Redis!.Session!.Database.PingAsync();

        Assert.Equal(1, await second.Store.GetAsync("key", loads.RunAsync, cancellationToken: Cancellation));
    }

    [Fact]
    public async Task Each_sees_the_writes_of_the_other()
    {
        await using var first = await StoreHost.StartAsync(servers);
        await using var second = await StoreHost.StartAsync(servers, besides: first);
        await first.ExecuteAsync("create table product (id int primary key, price int)");
        await first.ExecuteAsync("insert into product values (1, 0)");
        StoreHost[] hosts = [first, second];
        for (var price = 1; price <= 20; price++)
        {
            var (writer, reader) = (hosts[price % 2], hosts[(price + 1) % 2]);
            await ReadAsync(first);
            await ReadAsync(second);

            var receipt = await writer.Store.WriteAsync(
                async (write, token) =>
                {
                    await write.ExecuteAsync("update product set price = @price", new { price }, token);
                    write.Invalidate("product:1");
                },
                cancellationToken: Cancellation);

            Assert.Equal(InvalidationStatus.Applied, receipt.Status);
            Assert.Equal(price, await ReadAsync(reader));
            Assert.Equal(price, await ReadAsync(writer));
        }
    }

    [Fact]
    public async Task A_tag_invalidated_by_one_removes_what_the_other_has_stored()
    {
        await using var first = await StoreHost.StartAsync(servers, options => options.Partitions = 8);
        await using var second = await StoreHost.StartAsync(servers, besides: first);
        var loads = new NumberedLoads();
        ValueTask<int> ReadTaggedAsync(StoreHost host, int id) => host.Store.GetAsync(
            $"user:{id}",
            (context, token) =>
            {
                context.AddTag("org:7");
                return loads.RunAsync(context, token);
            },
            cancellationToken: Cancellation);
        for (var id = 0; id < 20; id++)
        {
            await ReadTaggedAsync(id % 2 == 0 ? first : second, id);
        }

        await first.Root.Redis!.Session!.Database.PingAsync();
        await second.Root.Redis!.Session!.Database.PingAsync();
        await first.Store.InvalidateTagAsync("org:7", Cancellation);

        for (var id = 0; id < 20; id++)
        {
            Assert.Equal(21 + id, await ReadTaggedAsync(second, id));
        }
    }

    [Fact]
    public async Task Stores_with_other_prefixes_share_nothing()
    {
        await using var first = await StoreHost.StartAsync(servers);
        await using var second = await StoreHost.StartAsync(servers);
        var loads = new NumberedLoads();
        await first.Store.GetAsync("key", loads.RunAsync, cancellationToken: Cancellation);

        Assert.Equal(2, await second.Store.GetAsync("key", loads.RunAsync, cancellationToken: Cancellation));
        await second.Store.InvalidateKeyAsync("key", Cancellation);
        Assert.Equal(1, await first.Store.GetAsync("key", loads.RunAsync, cancellationToken: Cancellation));
    }

    private static ValueTask<int> ReadAsync(StoreHost host) =>
        host.Store.GetAsync<int>("product:1", "select price from product where id = 1", cancellationToken: Cancellation);
}
