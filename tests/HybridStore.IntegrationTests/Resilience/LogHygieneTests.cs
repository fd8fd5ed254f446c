using HybridStore.IntegrationTests.Reading;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace HybridStore.IntegrationTests.Resilience;

/// <summary>Keys hold e-mail addresses and values hold everything else: neither belongs in a log that is kept.</summary>
public sealed class LogHygieneTests(ServersFixture servers)
{
    private const string Key = "user:ada.lovelace@example.org";
    private const string Tag = "org:analytical-engines";
    private const string Value = "born-1815-in-london";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task No_log_entry_above_debug_holds_a_key_a_tag_or_a_value(bool applicationsOwnMultiplexer)
    {
        await using var link = RedisLink.To(servers.Redis);
        // The application's client quotes keys in its exceptions, which is what StackExchange.Redis does unless told otherwise, and
        // fails at once where it is not connected.
        await using var multiplexer = await ConnectionMultiplexer.ConnectAsync(
            link.ConnectionString, options => options.BacklogPolicy = BacklogPolicy.FailFast);
        await using var host = await StoreHost.StartAsync(
            servers,
            options =>
            {
                options.RedisConnectionString = applicationsOwnMultiplexer ? null : link.ConnectionString;
                options.RedisTimeout = TimeSpan.FromMilliseconds(300);
                options.CircuitBreaker.BreakDuration = TimeSpan.FromSeconds(0.5);
                options.InvalidationRetry.Capacity = 3;
            },
            (services, _) => services.AddSingleton<IConnectionMultiplexer>(multiplexer));
        var raw = await RawRedis.OfAsync(host, servers.Redis);

        await ReadAsync(host);
        await ReadAsync(host, new EntryOptions { MaximumPayloadBytes = 4, SchemaVersion = 1 });
        await DisturbEntryAsync(raw, database => database.StringSetAsync(raw.Name(Key), Value));
        await ReadAsync(host);
        await DisturbEntryAsync(raw, async database =>
        {
            await database.KeyDeleteAsync(raw.Name(Key));
            await database.ListLeftPushAsync(raw.Name(Key), Value);
        });
        await ReadAsync(host);
        await host.Store.GetAsync(Key + ":explosive", (_, _) => ValueTask.FromResult(new Explosive()), cancellationToken: Cancellation);
        await RefreshInVainAsync(host, raw);
        await Assert.ThrowsAsync<InvalidOperationException>(
            async () => await host.Store.GetAsync(Key + ":failing", Failing, cancellationToken: Cancellation));

        // A store that is cut off between its read and its reply, then an outage with all that follows from it.
        var gated = new GatedLoad<string>(Value, context => context.AddTag(Tag));
        var storing = host.Store.GetAsync(Key + ":storing", gated.RunAsync, cancellationToken: Cancellation).AsTask();
        await gated.Started.WaitAsync(Cancellation);
        link.Proxy.Cut();
        gated.Release();
        Assert.Equal(Value, await storing);
        await Eventually.HappensAsync(
            async () =>
            {
                await ReadAsync(host);
                return Has(host, 1005);
            },
            "the circuit opens");
        var receipt = await host.Store.InvalidateAsync(new Invalidation { Keys = [Key, Key + "2"], Tags = [Tag] }, Cancellation);
        await host.Store.InvalidateKeyAsync(Key + "3", Cancellation);
        link.Proxy.Restore();
        await receipt.WhenApplied(Cancellation);
        await Eventually.HappensAsync(
            async () =>
            {
                await ReadAsync(host);
                return Has(host, 1007);
            },
            "the circuit closes");

        // The scenario has been what it claims to be.
        Assert.All(new[] { 1100, 1101, 1102, 1200, 1201, 1202, 1203 }, id => Assert.True(Has(host, id), $"Event {id} was not logged."));
        Assert.Contains(host.Logs.GetSnapshot(), entry => $"{entry.Exception}".Contains("lovelace", StringComparison.Ordinal));
        Assert.All(host.Logs.GetSnapshot().Where(entry => entry.Level > LogLevel.Debug), entry =>
        {
            var text = $"{entry.Message} {entry.Exception} {string.Join(' ', entry.StructuredState ?? [])}";
            Assert.DoesNotContain("lovelace", text, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("analytical", text, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain(Value, text, StringComparison.OrdinalIgnoreCase);
        });
    }

    private static bool Has(StoreHost host, int id) => host.Logs.GetSnapshot().Any(entry => entry.Id.Id == id);

    private static ValueTask<string> ReadAsync(StoreHost host, EntryOptions? options = null) => host.Store.GetAsync(
        Key,
        (context, _) =>
        {
            context.AddTag(Tag);
            return ValueTask.FromResult(Value);
        },
        options,
        Cancellation);

    private static ValueTask<string> Failing(LoadContext context, CancellationToken cancellationToken) =>
        throw new InvalidOperationException($"{context.Key} has no {Value}.");

    private static async Task DisturbEntryAsync(RawRedis raw, Func<IDatabase, Task> disturb)
    {
        await raw.SettleAsync();
        await disturb(raw.Database);
    }

    private static async Task RefreshInVainAsync(StoreHost host, RawRedis raw)
    {
        var eager = new EntryOptions { TimeToLive = TimeSpan.FromSeconds(20), Beta = 100 };
        await host.Store.GetAsync(Key + ":refreshed", (_, _) => ValueTask.FromResult(Value), eager, Cancellation);
        await raw.SettleAsync();
        await raw.Database.StringSetRangeAsync(raw.Name(Key + ":refreshed"), 20, new byte[] { 255, 255, 255, 255 });
        await Eventually.HappensAsync(
            async () =>
            {
                await host.Store.GetAsync(Key + ":refreshed", Failing, eager, Cancellation);
                return Has(host, 1203);
            },
            "a refresh fails");
    }

    private sealed class Explosive
    {
        private string _name = Value;

        public string Name
        {
            get => throw new InvalidOperationException($"{_name} does not serialize.");
            set => _name = value;
        }
    }
}
