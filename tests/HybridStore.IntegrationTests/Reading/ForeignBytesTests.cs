using System.Diagnostics.Metrics;
using HybridStore.Resilience;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Microsoft.Extensions.Logging;
using Polly.CircuitBreaker;
using StackExchange.Redis;

namespace HybridStore.IntegrationTests.Reading;

/// <summary>Whatever stands in Redis under an entry's name, readers get the row, and the next store heals it.</summary>
public sealed class ForeignBytesTests(ServersFixture servers)
{
    private static readonly Product Kettle = new(1, "Kettle");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_entry_of_another_schema_version_is_a_miss()
    {
        await using var host = await StartAsync();
        using var misses = Misses(host);
        var older = new EntryOptions { SchemaVersion = 1 };
        var newer = new EntryOptions { SchemaVersion = 2 };
        var loads = new NumberedLoads();
        await host.Store.GetAsync("key", loads.RunAsync, older, Cancellation);
        Assert.Equal(1, await host.Store.GetAsync("key", loads.RunAsync, older, Cancellation));

        Assert.Equal(2, await host.Store.GetAsync("key", loads.RunAsync, newer, Cancellation));
        Assert.Equal(2, await host.Store.GetAsync("key", loads.RunAsync, newer, Cancellation));

        Assert.Equal(["cold", "schema"], Causes(misses));
    }

    [Fact]
    public async Task An_entry_of_another_type_is_a_miss()
    {
        await using var host = await StartAsync();
        using var misses = Misses(host);
        await host.Store.GetAsync("key", (_, _) => ValueTask.FromResult(Kettle), cancellationToken: Cancellation);

        var other = await host.Store.GetAsync(
            "key", (_, _) => ValueTask.FromResult(new Money("EUR", 5)), cancellationToken: Cancellation);

        Assert.Equal(new Money("EUR", 5), other);
        Assert.Equal(["cold", "type"], Causes(misses));
    }

    [Fact]
    public async Task Random_bytes_are_a_miss_and_are_healed()
    {
        await using var host = await StartAsync();
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        var random = new Random(20260731);
        for (var round = 0; round < 100; round++)
        {
            var bytes = new byte[random.Next(0, 200)];
            random.NextBytes(bytes);
            await AssertHealsAsync(host, raw, bytes);
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData(0)]
    public async Task A_truncated_entry_is_a_miss_at_whatever_byte_it_ends(int? compressionThreshold)
    {
        await using var host = await StartAsync(compressionThreshold);
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        await ReadAsync(host);
        var whole = (await raw.EntryAsync("product:1"))!;
        for (var length = 0; length < whole.Length; length++)
        {
            await AssertHealsAsync(host, raw, whole[..length]);
        }
    }

    [Fact]
    public async Task An_entry_with_a_flipped_bit_is_never_an_error()
    {
        await using var host = await StartAsync(compressionThreshold: 0);
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        await ReadAsync(host);
        var whole = (await raw.EntryAsync("product:1"))!;
        for (var bit = 0; bit < whole.Length * 8; bit++)
        {
            var flipped = (byte[])whole.Clone();
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            await raw.Database.StringSetAsync(raw.Name("product:1"), flipped);

            // A flipped bit in the text of a value is still a value; all that matters here is that nothing is thrown.
            Assert.NotNull(await ReadAsync(host));
        }
    }

    [Fact]
    public async Task A_huge_length_claimed_by_an_entry_allocates_nothing()
    {
        await using var host = await StartAsync(compressionThreshold: 0);
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        await host.Store.GetAsync(
            "product:1", (_, _) => ValueTask.FromResult(new Product(1, new string('k', 1000))), cancellationToken: Cancellation);
        Assert.True((await raw.HeaderAsync("product:1")).IsCompressed);
        await raw.Database.StringSetRangeAsync(raw.Name("product:1"), 32, BitConverter.GetBytes(int.MaxValue));
        var before = GC.GetTotalAllocatedBytes(precise: true);

        Assert.Equal(Kettle, await ReadAsync(host));

        Assert.True(GC.GetTotalAllocatedBytes(precise: true) - before < 500_000_000);
        Assert.Equal(Kettle, await ReadAsync(host));
    }

    [Theory]
    [InlineData("RPUSH", "a")]
    [InlineData("HSET", "field", "a")]
    [InlineData("SADD", "a")]
    [InlineData("ZADD", "1", "a")]
    [InlineData("XADD", "*", "field", "a")]
    public async Task Another_redis_type_under_an_entrys_name_is_a_miss_that_the_next_store_heals(
        string command, params string[] arguments)
    {
        await using var host = await StartAsync();
        using var misses = Misses(host);
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        await host.RedisAsync(command, [raw.Name("product:1").ToString(), .. arguments]);

        Assert.Equal(Kettle, await ReadAsync(host));

        await raw.SettleAsync();
        Assert.Equal(RedisType.String, await raw.Database.KeyTypeAsync(raw.Name("product:1")));
        Assert.Equal(Kettle, await ReadAsync(host));
        Assert.Equal(["undecodable"], Causes(misses));
        Assert.Equal(CircuitState.Closed, Breaker(host).State);
        Assert.DoesNotContain(host.Logs.GetSnapshot(), entry => entry.Level >= LogLevel.Warning);
    }

    [Fact]
    public async Task Wrong_types_in_any_number_do_not_open_the_circuit()
    {
        await using var host = await StartAsync();
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        for (var id = 0; id < 20; id++)
        {
            await host.RedisAsync("RPUSH", raw.Name($"key:{id}").ToString(), "a");
        }

        for (var id = 0; id < 20; id++)
        {
            // Declined, so that nothing but the wrong types is answered.
            await host.Store.GetAsync($"key:{id}", Declining, cancellationToken: Cancellation);
        }

        Assert.Equal(CircuitState.Closed, Breaker(host).State);
        Assert.False(host.Root.Redis!.Session!.Breakers[0].IsOpen);

        static ValueTask<int> Declining(LoadContext context, CancellationToken token)
        {
            context.DoNotCache();
            return ValueTask.FromResult(1);
        }
    }

    [Fact]
    public async Task Invalidating_a_key_removes_whatever_has_its_name()
    {
        await using var host = await StartAsync();
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        await host.RedisAsync("RPUSH", raw.Name("product:1").ToString(), "a");

        var receipt = await host.Store.InvalidateKeyAsync("product:1", Cancellation);

        Assert.Equal(InvalidationStatus.Applied, receipt.Status);
        Assert.False(await raw.HasEntryAsync("product:1"));
    }

    private static async Task AssertHealsAsync(StoreHost host, RawRedis raw, byte[] bytes)
    {
        await raw.SettleAsync();
        await raw.Database.StringSetAsync(raw.Name("product:1"), bytes);
        Assert.Equal(Kettle, await ReadAsync(host));
        Assert.Equal(Kettle, await ReadAsync(host));
        Assert.NotEqual(bytes, await raw.EntryAsync("product:1"));
    }

    private static async Task<Product> ReadAsync(StoreHost host) => await host.Store.GetAsync(
        "product:1", (_, _) => ValueTask.FromResult(Kettle), cancellationToken: Cancellation);

    private static RedisCircuitBreaker Breaker(StoreHost host) => host.Root.Redis!.Session!.Breakers[0];

    private static MetricCollector<long> Misses(StoreHost host) =>
        new(host.Services.GetRequiredService<IMeterFactory>(), "HybridStore", "hybridstore.misses");

    private static IEnumerable<string?> Causes(MetricCollector<long> misses) =>
        misses.GetMeasurementSnapshot().Select(miss => (string?)miss.Tags["hybridstore.cause"]);

    private Task<StoreHost> StartAsync(int? compressionThreshold = null) => StoreHost.StartAsync(
        servers,
        options => options.Defaults = new EntryOptions { CompressionThresholdBytes = compressionThreshold },
        (services, _) => services.AddMetrics());

    private sealed record Product(int Id, string Name);

    private sealed record Money(string Currency, decimal Amount);
}
