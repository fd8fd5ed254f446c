using System.Diagnostics.Metrics;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Microsoft.Extensions.Logging;

namespace HybridStore.IntegrationTests.Reading;

/// <summary>What cannot, or must not, be cached is returned all the same.</summary>
public sealed class UncacheableValueTests(ServersFixture servers)
{
    private const string Secret = "purple-elephant";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_value_above_the_limit_is_returned_logged_without_its_text_counted_and_not_cached()
    {
        await using var host = await StartAsync();
        using var stores = Stores(host);
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        var value = Secret + new string('x', 2000);
        var options = new EntryOptions { MaximumPayloadBytes = 1000 };

        Assert.Equal(value, await host.Store.GetAsync("key", (_, _) => ValueTask.FromResult(value), options, Cancellation));

        Assert.False(await raw.HasEntryAsync("key"));
        Assert.Equal(["too_large"], Results(stores));
        var log = Assert.Single(host.Logs.GetSnapshot(), entry => entry.Level >= LogLevel.Warning);
        Assert.Contains("1000", log.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, log.Message + log.Exception, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_limit_counts_before_compression()
    {
        await using var host = await StartAsync();
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        var options = new EntryOptions { MaximumPayloadBytes = 1000, CompressionThresholdBytes = 0 };

        await host.Store.GetAsync("over", (_, _) => ValueTask.FromResult(new string('x', 1000)), options, Cancellation);
        await host.Store.GetAsync("under", (_, _) => ValueTask.FromResult(new string('x', 900)), options, Cancellation);

        Assert.False(await raw.HasEntryAsync("over"));
        Assert.True(await raw.HasEntryAsync("under"));
    }

    [Fact]
    public async Task A_value_that_the_serializer_refuses_is_returned_logged_without_its_text_counted_and_not_cached()
    {
        await using var host = await StartAsync();
        using var stores = Stores(host);
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        var value = new Explosive();

        Assert.Same(value, await host.Store.GetAsync("key", (_, _) => ValueTask.FromResult(value), cancellationToken: Cancellation));

        Assert.False(await raw.HasEntryAsync("key"));
        Assert.Equal(["unserializable"], Results(stores));
        var log = Assert.Single(host.Logs.GetSnapshot(), entry => entry.Level >= LogLevel.Warning);
        Assert.Contains(nameof(Explosive), log.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, log.Message + log.Exception, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_value_with_a_cycle_is_returned()
    {
        await using var host = await StartAsync();
        using var stores = Stores(host);
        var node = new Node();
        node.Next = node;

        Assert.Same(node, await host.Store.GetAsync("key", (_, _) => ValueTask.FromResult(node), cancellationToken: Cancellation));
        Assert.Equal(["unserializable"], Results(stores));
    }

    [Fact]
    public async Task Types_that_would_not_come_back_are_refused_before_anything_is_loaded()
    {
        await using var host = await StartAsync();

        await AssertRefusedAsync<(int, string)>(host, "record");
        await AssertRefusedAsync<Stream>(host, "byte[]");
        await AssertRefusedAsync<IAsyncEnumerable<int>>(host, "ToListAsync");
        await AssertRefusedAsync<IQueryable<int>>(host, "ToListAsync");
        await AssertRefusedAsync<Task<int>>(host, "await");
        await AssertRefusedAsync<JsonDocument>(host, "JsonElement");
        await AssertRefusedAsync<List<Stream>>(host, "byte[]");
    }

    [Fact]
    public async Task What_must_never_be_cached_is_neither_read_from_redis_nor_stored()
    {
        await using var host = await StartAsync();
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        var loads = new NumberedLoads();
        await host.Store.GetAsync("stock", loads.RunAsync, cancellationToken: Cancellation);
        var entry = await raw.EntryAsync("stock");

        Assert.Equal(2, await host.Store.GetAsync("stock", loads.RunAsync, EntryOptions.Never, Cancellation));
        Assert.Equal(3, await host.Store.GetAsync("stock", loads.RunAsync, EntryOptions.Policy(PolicyNames.Never), Cancellation));

        Assert.Equal(entry, await raw.EntryAsync("stock"));
        Assert.Equal(1, await host.Store.GetAsync("stock", loads.RunAsync, cancellationToken: Cancellation));
    }

    [Fact]
    public async Task A_read_that_skips_the_cache_neither_uses_nor_replaces_the_entry()
    {
        await using var host = await StartAsync();
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        var loads = new NumberedLoads();
        await host.Store.GetAsync("stock", loads.RunAsync, cancellationToken: Cancellation);
        var entry = await raw.EntryAsync("stock");
        var current = host.Store.With(new ReadOptions { SkipCache = true });

        Assert.Equal(2, await current.GetAsync("stock", loads.RunAsync, cancellationToken: Cancellation));

        Assert.Equal(entry, await raw.EntryAsync("stock"));
        Assert.Equal(1, await host.Store.GetAsync("stock", loads.RunAsync, cancellationToken: Cancellation));
        Assert.Equal(1, await current.With(ReadOptions.Default).GetAsync("stock", loads.RunAsync, cancellationToken: Cancellation));
    }

    [Fact]
    public async Task A_read_that_skips_the_cache_joins_no_load_of_others()
    {
        await using var host = await StartAsync();
        var (started, gate) = (new TaskCompletionSource(), new TaskCompletionSource());
        var shared = host.Store.GetAsync(
            "stock",
            async (_, _) =>
            {
                started.SetResult();
                await gate.Task;
                return "before";
            },
            cancellationToken: Cancellation).AsTask();
        await started.Task.WaitAsync(Cancellation);

        var current = await host.Store.With(new ReadOptions { SkipCache = true })
            .GetAsync("stock", (_, _) => ValueTask.FromResult("now"), cancellationToken: Cancellation);

        Assert.Equal("now", current);
        gate.SetResult();
        Assert.Equal("before", await shared);
    }

    [Fact]
    public async Task Replicas_may_be_allowed_where_there_are_none()
    {
        await using var host = await StartAsync();
        var loads = new NumberedLoads();
        var store = host.Store.With(new ReadOptions { AllowReplicas = true });

        Assert.Equal(1, await store.GetAsync("key", loads.RunAsync, cancellationToken: Cancellation));
        Assert.Equal(1, await store.GetAsync("key", loads.RunAsync, cancellationToken: Cancellation));
        await store.InvalidateKeyAsync("key", Cancellation);
        Assert.Equal(2, await store.GetAsync("key", loads.RunAsync, cancellationToken: Cancellation));
    }

    private static async Task AssertRefusedAsync<T>(StoreHost host, string remedy)
    {
        var loaded = false;
        var refusal = await Assert.ThrowsAsync<NotSupportedException>(async () => await host.Store.GetAsync<T>(
            "key",
            (_, _) =>
            {
                loaded = true;
                return ValueTask.FromResult<T>(default!);
            },
            cancellationToken: Cancellation));

        Assert.Contains("Remedy", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(remedy, refusal.Message, StringComparison.Ordinal);
        Assert.False(loaded);
    }

    private static MetricCollector<long> Stores(StoreHost host) =>
        new(host.Services.GetRequiredService<IMeterFactory>(), "HybridStore", "hybridstore.stores");

    private static IEnumerable<string?> Results(MetricCollector<long> stores) =>
        stores.GetMeasurementSnapshot().Select(store => (string?)store.Tags["hybridstore.result"]);

    private Task<StoreHost> StartAsync() => StoreHost.StartAsync(servers, register: (services, _) => services.AddMetrics());

    private sealed class Explosive
    {
        private string _name = Secret;

        public string Name
        {
            get => throw new InvalidOperationException($"{_name} does not serialize.");
            set => _name = value;
        }
    }

    private sealed class Node
    {
        public Node? Next { get; set; }
    }
}
