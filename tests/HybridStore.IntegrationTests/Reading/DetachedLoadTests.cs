namespace HybridStore.IntegrationTests.Reading;

/// <summary>A load that began before an invalidation answers those who wait for it, and is not stored.</summary>
public sealed class DetachedLoadTests(ServersFixture servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_invalidated_key_is_not_filled_by_a_load_that_began_before()
    {
        await using var host = await StoreHost.StartAsync(servers);
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        var load = new GatedLoad<string>("before");
        var reader = ReadAsync(host, load);
        await load.Started.WaitAsync(Cancellation);

        var receipt = await host.Store.InvalidateKeyAsync("key", Cancellation);
        load.Release();

        Assert.Equal(InvalidationStatus.Applied, receipt.Status);
        Assert.Equal("before", await reader);
        Assert.False(await raw.HasEntryAsync("key"));
    }

    [Fact]
    public async Task A_reader_that_comes_after_the_invalidation_does_not_join_the_load_that_began_before()
    {
        await using var host = await StoreHost.StartAsync(servers);
        var old = new GatedLoad<string>("before");
        var earlier = ReadAsync(host, old);
        await old.Started.WaitAsync(Cancellation);
        await host.Store.InvalidateKeyAsync("key", Cancellation);

        var later = await host.Store.GetAsync("key", (_, _) => ValueTask.FromResult("after"), cancellationToken: Cancellation);

        Assert.Equal("after", later);
        old.Release();
        Assert.Equal("before", await earlier);
        Assert.Equal("after", await host.Store.GetAsync("key", (_, _) => ValueTask.FromResult("?"), cancellationToken: Cancellation));
    }

    [Fact]
    public async Task An_invalidated_tag_is_not_filled_by_a_load_that_began_before_and_named_it_at_its_end()
    {
        await using var host = await StoreHost.StartAsync(servers);
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        var load = new GatedLoad<string>("before", context => context.AddTag("org:7"));
        var reader = ReadAsync(host, load);
        await load.Started.WaitAsync(Cancellation);

        await host.Store.InvalidateTagAsync("org:7", Cancellation);
        load.Release();

        Assert.Equal("before", await reader);
        Assert.False(await raw.HasEntryAsync("key"));
        Assert.Equal(0, await raw.TagSetLengthAsync("org:7"));
    }

    [Fact]
    public async Task A_write_detaches_the_loads_that_saw_the_row_before_its_commit()
    {
        await using var host = await StoreHost.StartAsync(servers);
        await host.ExecuteAsync("create table product (id int primary key, price int)");
        await host.ExecuteAsync("insert into product values (1, 10)");
        var (loaded, gate) = (new TaskCompletionSource(), new TaskCompletionSource());
        var reader = host.Store.GetAsync(
            "product:1",
            async (context, token) =>
            {
                var price = await context.ExecuteScalarAsync<int>("select price from product", cancellationToken: token);
                loaded.SetResult();
                await gate.Task.WaitAsync(token);
                return price;
            },
            cancellationToken: Cancellation).AsTask();
        await loaded.Task.WaitAsync(Cancellation);

        await host.Store.WriteAsync(
            async (write, token) =>
            {
                await write.ExecuteAsync("update product set price = 20", cancellationToken: token);
                write.Invalidate("product:1");
            },
            cancellationToken: Cancellation);
        gate.SetResult();

        Assert.Equal(10, await reader);
        Assert.Equal(20, await host.Store.GetAsync<int>("product:1", "select price from product", cancellationToken: Cancellation));
        Assert.Equal(20, await host.Store.GetAsync<int>("product:1", "select -1", cancellationToken: Cancellation));
    }

    [Fact]
    public async Task Loads_of_other_keys_are_stored_all_the_same()
    {
        await using var host = await StoreHost.StartAsync(servers);
        var load = new GatedLoad<string>("value");
        var reader = ReadAsync(host, load);
        await load.Started.WaitAsync(Cancellation);

        await host.Store.InvalidateKeyAsync("another", Cancellation);
        load.Release();
        await reader;

        Assert.Equal("value", await host.Store.GetAsync("key", (_, _) => ValueTask.FromResult("?"), cancellationToken: Cancellation));
    }

    [Fact]
    public async Task Readers_and_writers_in_a_tangle_never_leave_an_old_value_behind()
    {
        await using var host = await StoreHost.StartAsync(servers);
        await host.ExecuteAsync("create table counter (id int primary key, value int)");
        await host.ExecuteAsync("insert into counter values (1, 0)");
        var done = false;
        async Task ReadAllTheTimeAsync()
        {
            while (!Volatile.Read(ref done))
            {
                await ReadCounterAsync(host);
            }
        }

        var readers = Enumerable.Range(0, 8).Select(_ => Task.Run(ReadAllTheTimeAsync, Cancellation)).ToArray();
        for (var value = 1; value <= 100; value++)
        {
            await host.Store.WriteAsync(
                async (write, token) =>
                {
                    await write.ExecuteAsync("update counter set value = @value", new { value }, token);
                    write.Invalidate("counter");
                },
                cancellationToken: Cancellation);

            // The writer reads its own write, from the cache or not, whatever the readers have in flight.
            Assert.Equal(value, await ReadCounterAsync(host));
        }

        Volatile.Write(ref done, true);
        await Task.WhenAll(readers);
        Assert.Equal(100, await ReadCounterAsync(host));
    }

    private static Task<string> ReadAsync(StoreHost host, GatedLoad<string> load) =>
        host.Store.GetAsync("key", load.RunAsync, cancellationToken: Cancellation).AsTask();

    private static ValueTask<int> ReadCounterAsync(StoreHost host) =>
        host.Store.GetAsync<int>("counter", "select value from counter where id = 1", cancellationToken: Cancellation);
}
