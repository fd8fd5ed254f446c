using HybridStore.IntegrationTests.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace HybridStore.IntegrationTests.Reading;

public sealed class NegativeCachingTests(ServersFixture servers)
{
    private static readonly EntryOptions WithNegative = new()
    {
        TimeToLive = TimeSpan.FromHours(1),
        NegativeTimeToLive = TimeSpan.FromSeconds(30),
        Jitter = 0,
    };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_null_is_not_cached_by_default()
    {
        await using var host = await StoreHost.StartAsync(servers);
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        await host.ExecuteAsync("create table product (id int primary key, name text)");

        Assert.Null(await ReadAsync(host, null));
        Assert.False(await raw.HasEntryAsync("product:1"));
        await host.ExecuteAsync("insert into product values (1, 'Kettle')");

        Assert.Equal(new Product(1, "Kettle"), await ReadAsync(host, null));
    }

    [Fact]
    public async Task A_null_is_cached_with_its_own_short_time_to_live_where_asked_for()
    {
        await using var host = await StoreHost.StartAsync(servers);
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        await host.ExecuteAsync("create table product (id int primary key, name text)");

        Assert.Null(await ReadAsync(host, WithNegative));
        await host.ExecuteAsync("insert into product values (1, 'Kettle')");

        Assert.Null(await ReadAsync(host, WithNegative));
        var header = await raw.HeaderAsync("product:1");
        Assert.True(header.IsNull);
        Assert.Equal(30_000, header.ExpiresAt - header.CreatedAt);
        Assert.InRange((await raw.TimeToLiveAsync("product:1"))!.Value, TimeSpan.Zero, TimeSpan.FromSeconds(30));
        Assert.Equal(header.Length, (await raw.EntryAsync("product:1"))!.Length);
    }

    [Fact]
    public async Task An_invalidation_removes_a_cached_null()
    {
        await using var host = await StoreHost.StartAsync(servers);
        await host.ExecuteAsync("create table product (id int primary key, name text)");
        Assert.Null(await ReadAsync(host, WithNegative));

        await host.Store.WriteAsync(
            async (write, token) =>
            {
                await write.ExecuteAsync("insert into product values (1, 'Kettle')", cancellationToken: token);
                write.Invalidate("product:1");
            },
            cancellationToken: Cancellation);

        Assert.Equal(new Product(1, "Kettle"), await ReadAsync(host, WithNegative));
    }

    [Fact]
    public async Task A_value_keeps_the_long_time_to_live_beside_negative_caching()
    {
        await using var host = await StoreHost.StartAsync(servers);
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        await host.ExecuteAsync("create table product (id int primary key, name text)");
        await host.ExecuteAsync("insert into product values (1, 'Kettle')");

        await ReadAsync(host, WithNegative);

        var header = await raw.HeaderAsync("product:1");
        Assert.False(header.IsNull);
        Assert.Equal(3_600_000, header.ExpiresAt - header.CreatedAt);
    }

    [Fact]
    public async Task A_null_of_a_nullable_struct_is_cached_too_and_is_a_miss_for_its_plain_type()
    {
        await using var host = await StoreHost.StartAsync(servers);
        var loads = 0;
        ValueTask<int?> NoAnswer(LoadContext context, CancellationToken token)
        {
            loads++;
            return ValueTask.FromResult<int?>(null);
        }

        Assert.Null(await host.Store.GetAsync("answer", NoAnswer, WithNegative, Cancellation));
        Assert.Null(await host.Store.GetAsync("answer", NoAnswer, WithNegative, Cancellation));

        Assert.Equal(1, loads);
        Assert.Equal(42, await host.Store.GetAsync("answer", (_, _) => ValueTask.FromResult(42), WithNegative, Cancellation));
    }

    [Fact]
    public async Task A_load_that_declines_caching_is_obeyed_for_a_null_too()
    {
        await using var host = await StoreHost.StartAsync(servers);
        var raw = await RawRedis.OfAsync(host, servers.Redis);

        await host.Store.GetAsync("declined", Declining, WithNegative, Cancellation);
        await host.Store.GetAsync("no-time", WithoutTime, WithNegative, Cancellation);

        Assert.False(await raw.HasEntryAsync("declined"));
        Assert.False(await raw.HasEntryAsync("no-time"));

        static ValueTask<string?> Declining(LoadContext context, CancellationToken token)
        {
            context.DoNotCache();
            return ValueTask.FromResult<string?>(null);
        }

        static ValueTask<string?> WithoutTime(LoadContext context, CancellationToken token)
        {
            context.TimeToLive = TimeSpan.Zero;
            return ValueTask.FromResult<string?>(null);
        }
    }

    [Fact]
    public async Task A_scan_over_ids_that_do_not_exist_puts_no_more_into_Redis_than_the_limit_allows()
    {
        const int ids = 1_000;
        var clock = new FakeTimeProvider();
        await using var host = await StoreHost.StartAsync(
            servers,
            options => options.MaxNegativeEntriesPerSecond = 50,
            (services, _) => services.AddMetrics().AddSingleton<TimeProvider>(clock));
        using var meter = new RecordedMeter(host);
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        await host.ExecuteAsync("create table product (id int primary key, name text)");

        var found = await ScanAsync(0);

        Assert.All(found, Assert.Null);
        Assert.Equal(50, await EntriesAsync(0));
        Assert.Equal(ids - 50, meter.TagsOf("hybridstore.stores", "hybridstore.result").Count(result => result == "negative_limit"));
        Assert.Single(host.Logs.GetSnapshot(), log => log.Id.Id == 2310);
        clock.Advance(TimeSpan.FromSeconds(1));

        await ScanAsync(ids);

        Assert.Equal(50, await EntriesAsync(ids));

        async Task<Product?[]> ScanAsync(int from) => await Task.WhenAll(Enumerable.Range(from, ids).Select(async id =>
            await host.Store.GetAsync<Product>(
                $"product:{id}", "select id, name from product where id = @id", new { id }, WithNegative, Cancellation)));

        async Task<int> EntriesAsync(int from)
        {
            await raw.SettleAsync();
            var there = await Task.WhenAll(Enumerable.Range(from, ids).Select(id => raw.Database.KeyExistsAsync(raw.Name($"product:{id}"))));
            return there.Count(exists => exists);
        }
    }

    [Fact]
    public async Task Where_the_limit_is_zero_no_null_is_cached_and_values_are()
    {
        await using var host = await StoreHost.StartAsync(servers, options => options.MaxNegativeEntriesPerSecond = 0);
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        await host.ExecuteAsync("create table product (id int primary key, name text)");

        Assert.Null(await ReadAsync(host, WithNegative));
        Assert.False(await raw.HasEntryAsync("product:1"));
        await host.ExecuteAsync("insert into product values (1, 'Kettle')");

        Assert.Equal(new Product(1, "Kettle"), await ReadAsync(host, WithNegative));
        Assert.True(await raw.HasEntryAsync("product:1"));
    }

    private static async Task<Product?> ReadAsync(StoreHost host, EntryOptions? options) => await host.Store.GetAsync<Product>(
        "product:1", "select id, name from product where id = 1", options: options, cancellationToken: Cancellation);

    private sealed record Product(int Id, string Name);
}
