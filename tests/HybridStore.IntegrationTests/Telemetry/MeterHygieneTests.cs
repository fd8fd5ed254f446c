using System.Diagnostics.Metrics;
using HybridStore.IntegrationTests.Reading;
using HybridStore.IntegrationTests.Resilience;
using HybridStore.Servers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;

namespace HybridStore.IntegrationTests.Telemetry;

/// <summary>After everything has happened once: instruments say what they are, and tags are few and tell nothing about anybody.</summary>
public sealed class MeterHygieneTests(ServersFixture servers)
{
    private const string Key = "user:ada.lovelace@example.org";
    private const string Tag = "org:analytical-engines";
    private const string Value = "born-1815-in-london";

    private static readonly string[] AllowedTags =
    [
        "error.type", "hybridstore.cause", "hybridstore.kind", "hybridstore.operation", "hybridstore.outcome", "hybridstore.policy",
        "hybridstore.reason", "hybridstore.redis.policy", "hybridstore.redis.state", "hybridstore.result", "hybridstore.scope",
        "hybridstore.source", "hybridstore.state", "hybridstore.store", "server.address", "server.port",
    ];

    private static readonly string[] Units =
    [
        "s", "By", "1", "{read}", "{miss}", "{entry}", "{refresh}", "{name}", "{load}", "{circuit}", "{bell}", "{replay}", "{raise}",
        "{reconnect}", "{renewal}", "{instance}", "{partition}", "{server}", "{key}",
    ];

    // What a store measures that neither watches tables nor has a standby, and whose janitor has nothing to do.
    private static readonly string[] Measured =
    [
        "hybridstore.coalesced", "hybridstore.entries.size", "hybridstore.invalidations", "hybridstore.invalidations.pending",
        "hybridstore.lease.wait.duration", "hybridstore.load.duration", "hybridstore.misses", "hybridstore.read.duration",
        "hybridstore.reads", "hybridstore.reads.stale", "hybridstore.redis.circuit", "hybridstore.redis.duration", "hybridstore.refresh.age",
        "hybridstore.refreshes", "hybridstore.stores", "hybridstore.write.duration",
    ];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Instruments_say_what_they_are_and_tags_nothing_about_anybody()
    {
        await using var link = RedisLink.To(servers.Redis);
        await using var host = await StoreHost.StartAsync(
            servers,
            options =>
            {
                options.RedisConnectionString = link.ConnectionString;
                options.RedisTimeout = TimeSpan.FromMilliseconds(300);
                options.Journal.Enabled = true;
                options.Journal.InstallAtStart = true;
            },
            (services, _) => services.AddMetrics());
        using var meter = new RecordedMeter(host);
        await BeBusyAsync(host, servers.Redis);
        link.Proxy.Cut();
        await ReadAsync(host);
        await host.Store.InvalidateAsync(new Invalidation { Keys = [Key], Tags = [Tag] }, Cancellation);
        meter.Observe();
        link.Proxy.Restore();

        Assert.All(meter.Instruments, AssertIsDescribed);
        var silent = Measured.Except(meter.All.Select(measured => measured.Instrument));
        Assert.True(!silent.Any(), $"Nothing was measured by {string.Join(", ", silent)}.");
        Assert.All(meter.All, measured =>
        {
            Assert.Equal("default", measured.Tags["hybridstore.store"]);
            Assert.All(measured.Tags, tag =>
            {
                Assert.Contains(tag.Key, AllowedTags);
                var text = Assert.IsType<string>(tag.Value);
                Assert.DoesNotContain("lovelace", text, StringComparison.OrdinalIgnoreCase);
                Assert.DoesNotContain("analytical", text, StringComparison.OrdinalIgnoreCase);
                Assert.DoesNotContain(Value, text, StringComparison.OrdinalIgnoreCase);
            });
        });
    }

    private static void AssertIsDescribed(Instrument instrument)
    {
        Assert.StartsWith("hybridstore.", instrument.Name, StringComparison.Ordinal);
        Assert.False(string.IsNullOrWhiteSpace(instrument.Description), $"{instrument.Name} has no description.");
        Assert.True(Units.Contains(instrument.Unit), $"{instrument.Name} has the unit {instrument.Unit}.");
    }

    private static async Task BeBusyAsync(StoreHost host, RedisServer redis)
    {
        var raw = await RawRedis.OfAsync(host, redis);
        await host.ExecuteAsync("create table person (id int primary key)");
        var gated = new GatedLoad<string>(Value, context => context.AddTag(Tag));
        var first = host.Store.GetAsync(Key, gated.RunAsync, cancellationToken: Cancellation).AsTask();
        await gated.Started.WaitAsync(Cancellation);
        using var misses = new MetricCollector<long>(host.Services.GetRequiredService<IMeterFactory>(), "HybridStore", "hybridstore.reads");
        var second = host.Store.GetAsync(Key, gated.RunAsync, cancellationToken: Cancellation).AsTask();
        await misses.WaitForMeasurementsAsync(1, Cancellation);

        // It has found nothing, and joins the load in the same breath.
        await host.SettleAsync();
        gated.Release();
        await Task.WhenAll(first, second);
        await ReadAsync(host);
        await ReadAsync(host, new EntryOptions { MaximumPayloadBytes = 4, SchemaVersion = 1 });
        await ReadAsync(host, EntryOptions.Never);
        await Assert.ThrowsAsync<InvalidOperationException>(
            async () => await host.Store.GetAsync(Key + ":failing", Failing, cancellationToken: Cancellation));
        await host.Store.WriteAsync(
            async (write, token) =>
            {
                await write.ExecuteAsync("insert into person values (1)", cancellationToken: token);
                write.Invalidate(Key);
                write.InvalidateTag(Tag);
            },
            new WriteOptions { Strict = true, WriteThrough = [Key] },
            Cancellation);
        await Assert.ThrowsAsync<InvalidOperationException>(() => host.Store.WriteAsync(
            (_, _) => throw new InvalidOperationException(Key), cancellationToken: Cancellation));
        await host.Store.FlushAsync(Cancellation);
        await RefreshAsync(host, raw);
        await ServeStaleAsync(host, raw);
    }

    private static async Task ServeStaleAsync(StoreHost host, RawRedis raw)
    {
        const string key = Key + ":stale";
        var kept = new EntryOptions { StaleOnError = TimeSpan.FromHours(1) };
        await host.Store.GetAsync(key, (_, _) => ValueTask.FromResult(Value), kept, Cancellation);
        var header = await raw.HeaderAsync(key);
        await raw.Database.StringSetRangeAsync(raw.Name(key), 4, BitConverter.GetBytes(header.CreatedAt - 1000));
        Assert.Equal(Value, await host.Store.GetAsync(key, Failing, kept, Cancellation));
    }

    private static async Task RefreshAsync(StoreHost host, RawRedis raw)
    {
        var eager = new EntryOptions { TimeToLive = TimeSpan.FromSeconds(20), Jitter = 0, Beta = 100 };
        await host.Store.GetAsync(Key + ":refreshed", (_, _) => ValueTask.FromResult(Value), eager, Cancellation);
        await raw.SettleAsync();
        await raw.Database.StringSetRangeAsync(raw.Name(Key + ":refreshed"), 20, new byte[] { 255, 255, 255, 255 });
        var refresh = new GatedLoad<string>(Value);
        refresh.Release();
        await Eventually.HappensAsync(
            async () =>
            {
                await host.Store.GetAsync(Key + ":refreshed", refresh.RunAsync, eager, Cancellation);
                return refresh.Ended.IsCompleted;
            },
            "the entry is refreshed");
    }

    private static ValueTask<string> Failing(LoadContext context, CancellationToken cancellationToken) =>
        throw new InvalidOperationException($"{context.Key} has no {Value}.");

    private static async Task ReadAsync(StoreHost host, EntryOptions? options = null) => await host.Store.GetAsync(
        Key,
        (context, _) =>
        {
            context.AddTag(Tag);
            return ValueTask.FromResult(Value);
        },
        options,
        Cancellation);
}
