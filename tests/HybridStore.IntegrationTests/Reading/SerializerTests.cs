using System.Buffers;
using System.Text;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.DependencyInjection;

namespace HybridStore.IntegrationTests.Reading;

public sealed class SerializerTests(ServersFixture servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Large_values_are_compressed_and_small_ones_are_not()
    {
        await using var host = await StoreHost.StartAsync(
            servers, options => options.Defaults = new EntryOptions { CompressionThresholdBytes = 1000 });
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        var page = string.Concat(Enumerable.Repeat("<li>Kettle, 39.90</li>", 2000));

        await host.Store.GetAsync("large", (_, _) => ValueTask.FromResult(page), cancellationToken: Cancellation);
        await host.Store.GetAsync("small", (_, _) => ValueTask.FromResult("short"), cancellationToken: Cancellation);

        Assert.True((await raw.HeaderAsync("large")).IsCompressed);
        Assert.True((await raw.EntryAsync("large"))!.Length < page.Length / 10);
        Assert.False((await raw.HeaderAsync("small")).IsCompressed);
        Assert.Equal(page, await host.Store.GetAsync("large", NotAgain, cancellationToken: Cancellation));
        Assert.Equal("short", await host.Store.GetAsync("small", NotAgain, cancellationToken: Cancellation));
    }

    [Fact]
    public async Task Compressed_entries_are_read_by_an_instance_that_does_not_compress()
    {
        await using var host = await StoreHost.StartAsync(
            servers, options => options.Defaults = new EntryOptions { CompressionThresholdBytes = 0 });
        await using var other = await StoreHost.StartAsync(servers, besides: host);
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        var page = new string('a', 5000);
        await host.Store.GetAsync("page", (_, _) => ValueTask.FromResult(page), cancellationToken: Cancellation);
        Assert.True((await raw.HeaderAsync("page")).IsCompressed);

        Assert.Equal(page, await other.Store.GetAsync("page", NotAgain, cancellationToken: Cancellation));
    }

    [Fact]
    public async Task A_serializer_of_the_applications_own_writes_and_reads_the_payload()
    {
        await using var host = await StoreHost.StartAsync(
            servers, register: (_, builder) => builder.UseSerializer(_ => new ReversingSerializer()));
        var raw = await RawRedis.OfAsync(host, servers.Redis);

        await host.Store.GetAsync("word", (_, _) => ValueTask.FromResult("stressed"), cancellationToken: Cancellation);

        var header = await raw.HeaderAsync("word");
        Assert.Equal("desserts", Encoding.UTF8.GetString((await raw.EntryAsync("word")).AsSpan(header.Length)));
        Assert.Equal("stressed", await host.Store.GetAsync("word", NotAgain, cancellationToken: Cancellation));
    }

    [Fact]
    public async Task A_serializer_registered_for_hybrid_cache_is_used_for_its_type_alone()
    {
        await using var host = await StoreHost.StartAsync(
            servers, register: (services, _) => services.AddSingleton<IHybridCacheSerializer<Celsius>, CelsiusSerializer>());
        var raw = await RawRedis.OfAsync(host, servers.Redis);

        await host.Store.GetAsync("today", (_, _) => ValueTask.FromResult(new Celsius(21)), cancellationToken: Cancellation);
        await host.Store.GetAsync("word", (_, _) => ValueTask.FromResult("plain"), cancellationToken: Cancellation);

        var header = await raw.HeaderAsync("today");
        Assert.Equal(21, BitConverter.ToInt32((await raw.EntryAsync("today")).AsSpan(header.Length)));
        Assert.Equal(
            new Celsius(21),
            await host.Store.GetAsync<Celsius>("today", (_, _) => throw new InvalidOperationException(), cancellationToken: Cancellation));
        Assert.Equal("plain", await host.Store.GetAsync("word", NotAgain, cancellationToken: Cancellation));
    }

    [Fact]
    public async Task A_serializer_that_cannot_read_its_payload_costs_a_load()
    {
        var serializer = new ReversingSerializer();
        await using var host = await StoreHost.StartAsync(
            servers, register: (_, builder) => builder.UseSerializer(_ => serializer));
        await host.Store.GetAsync("word", (_, _) => ValueTask.FromResult("stressed"), cancellationToken: Cancellation);
        serializer.Refuses = true;

        Assert.Equal(
            "loaded", await host.Store.GetAsync("word", (_, _) => ValueTask.FromResult("loaded"), cancellationToken: Cancellation));
    }

    private static ValueTask<string> NotAgain(LoadContext context, CancellationToken cancellationToken) =>
        throw new InvalidOperationException("This value should have come from the cache.");

    private sealed class ReversingSerializer : IHybridStoreSerializer
    {
        public bool Refuses { get; set; }

        public void Serialize<T>(T value, IBufferWriter<byte> target)
        {
            var bytes = Encoding.UTF8.GetBytes((string)(object)value!);
            Array.Reverse(bytes);
            target.Write(bytes);
        }

        public T Deserialize<T>(ReadOnlySequence<byte> source)
        {
            if (Refuses)
            {
                throw new FormatException("Not mine.");
            }

            var bytes = source.ToArray();
            Array.Reverse(bytes);
            return (T)(object)Encoding.UTF8.GetString(bytes);
        }
    }

    private sealed record Celsius(int Degrees);

    private sealed class CelsiusSerializer : IHybridCacheSerializer<Celsius>
    {
        public Celsius Deserialize(ReadOnlySequence<byte> source) => new(BitConverter.ToInt32(source.ToArray()));

        public void Serialize(Celsius value, IBufferWriter<byte> target) => target.Write(BitConverter.GetBytes(value.Degrees));
    }
}
