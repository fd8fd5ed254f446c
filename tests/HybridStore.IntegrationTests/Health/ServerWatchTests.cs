using System.Diagnostics.Metrics;
using System.Globalization;
using System.Net;
using HybridStore.IntegrationTests.Resilience;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;

namespace HybridStore.IntegrationTests.Health;

/// <summary>What operators see of the Redis servers.</summary>
[Collection(nameof(DisturbedServers))]
public sealed class ServerWatchTests(DisturbedServers servers) : IAsyncLifetime
{
    private const int NotTold = 2102;
    private const int ToldAgain = 2103;

    private static readonly string[] Names =
    [
        "keyspace.hits", "keyspace.misses", "evicted_keys", "expired_keys", "memory.used", "memory.limit", "eviction_policy",
    ];

    private readonly IntervalClock _time = new();

    public ValueTask InitializeAsync() => servers.RepairAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task What_the_server_tells_is_measured_with_its_address()
    {
        await servers.Redis.RunAsync("CONFIG", "SET", "maxmemory", "200mb");
        await using var host = await HealthHost.StartWatchingAsync(servers.Servers, _time);
        await servers.Redis.RunAsync("SET", "there", "1");
        await servers.Redis.RunAsync("GET", "there");
        await servers.Redis.RunAsync("GET", "not there");
        await servers.Redis.RunAsync("PEXPIREAT", "there", "1");
        await _time.PassAsync();

        var info = await InfoAsync();
        Assert.Equal(info["keyspace_hits"], Single(host, "keyspace.hits").Value);
        Assert.Equal(info["keyspace_misses"], Single(host, "keyspace.misses").Value);
        Assert.Equal(info["expired_keys"], Single(host, "expired_keys").Value);
        Assert.Equal(0, Single(host, "evicted_keys").Value);
        Assert.InRange(Single(host, "memory.used").Value, 1, info["used_memory"] * 4);
        Assert.Equal(200L << 20, Single(host, "memory.limit").Value);

        var policy = Single(host, "eviction_policy");
        var endpoint = (IPEndPoint)host.Root.Redis!.Session!.Multiplexer.GetEndPoints()[0];
        Assert.Equal(1, policy.Value);
        Assert.Equal("noeviction", policy.Tags["hybridstore.redis.policy"]);
        Assert.Equal("default", policy.Tags["hybridstore.store"]);
        Assert.Equal(endpoint.Address.ToString(), policy.Tags["server.address"]);
        Assert.Equal(endpoint.Port, policy.Tags["server.port"]);
    }

    [Fact]
    public async Task A_server_without_a_limit_has_no_limit_to_measure()
    {
        await using var host = await HealthHost.StartWatchingAsync(servers.Servers, _time);

        Assert.Empty(Measured(host, "memory.limit"));
        Assert.NotEmpty(Measured(host, "memory.used"));
    }

    [Fact]
    public async Task The_figures_of_a_server_that_goes_away_vanish_and_come_back_with_it()
    {
        await using var link = RedisLink.To(servers.Redis);
        await using var host = await HealthHost.StartWatchingAsync(
            servers.Servers, _time, options => options.RedisConnectionString = link.ConnectionString);
        Assert.All(Names.Except(["memory.limit"]), name => Assert.Single(Measured(host, name)));
        link.Proxy.Cut();
        await Eventually.HappensAsync(() => !host.Root.Redis!.Session!.Multiplexer.IsConnected, "the connection is lost");

        await _time.PassAsync(3);
        Assert.All(Names.Except(["memory.limit"]), name => Assert.Single(Measured(host, name)));
        await _time.PassAsync();
        Assert.All(Names, name => Assert.Empty(Measured(host, name)));
        Assert.Equal(1, CountOf(host, NotTold));

        link.Proxy.Restore();
        await Eventually.HappensAsync(() => host.Root.Redis!.Session!.Multiplexer.IsConnected, "the client is connected again");
        await Eventually.HappensAsync(
            async () =>
            {
                await _time.PassAsync();
                return Measured(host, "memory.used").Count == 1;
            },
            "the figures are back");
        await Eventually.HappensAsync(
            async () =>
            {
                await _time.PassAsync();
                return CountOf(host, ToldAgain) == 1;
            },
            "it is told");
        Assert.Equal(1, CountOf(host, NotTold));
    }

    [Fact]
    public async Task A_server_that_does_not_answer_is_waited_for_a_limited_time()
    {
        await using var host = await HealthHost.StartWatchingAsync(servers.Servers, _time);
        servers.Redis.Proxy.Replies.Stall();
        var sent = servers.Redis.Proxy.BytesUpstream;

        _time.Advance(IntervalClock.Interval);
        await Eventually.HappensAsync(() => servers.Redis.Proxy.BytesUpstream > sent, "the server is asked");
        await Eventually.HappensAsync(
            () =>
            {
                _time.Advance(TimeSpan.FromSeconds(1));
                return CountOf(host, NotTold) == 1;
            },
            "the watch does not wait any longer");
    }

    [Fact]
    public async Task A_user_who_may_not_ask_is_logged_once_and_everything_else_works()
    {
        await servers.Redis.RunAsync("ACL", "SETUSER", "reader", "on", ">word", "~*", "&*", "+@all", "-info");
        await using var host = await HealthHost.StartWatchingAsync(
            servers.Servers, _time, options => options.RedisConnectionString += ",user=reader,password=word");
        await _time.PassAsync(3);

        Assert.All(Names, name => Assert.Empty(Measured(host, name)));
        var warning = Assert.Single(host.Logs.GetSnapshot(), log => log.Id.Id == NotTold);
        Assert.Contains("the right to call INFO", warning.Message, StringComparison.Ordinal);
        var health = await host.CheckAsync();
        health.AssertIs(HealthStatus.Healthy);
        Assert.Equal("unknown", health.Data["redis.evicts"]);
    }

    [Fact]
    public async Task A_store_that_has_ended_measures_nothing_any_more()
    {
        await using var host = await HealthHost.StartWatchingAsync(servers.Servers, _time);
        Assert.NotEmpty(Measured(host, "memory.used"));

        await host.Root.DisposeAsync();

        Assert.All(Names, name => Assert.Empty(Measured(host, name)));
    }

    [Fact]
    public async Task A_store_that_waits_for_an_answer_of_the_server_ends_all_the_same()
    {
        await using var host = await HealthHost.StartWatchingAsync(servers.Servers, _time);
        servers.Redis.Proxy.Replies.Stall();
        var sent = servers.Redis.Proxy.BytesUpstream;
        _time.Advance(IntervalClock.Interval);
        await Eventually.HappensAsync(() => servers.Redis.Proxy.BytesUpstream > sent, "the server is asked");

        await host.Root.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);

        Assert.Equal(0, CountOf(host, NotTold));
    }

    private static int CountOf(StoreHost host, int eventId) => host.Logs.GetSnapshot().Count(log => log.Id.Id == eventId);

    private static CollectedMeasurement<long> Single(StoreHost host, string name) => Assert.Single(Measured(host, name));

    private static IReadOnlyList<CollectedMeasurement<long>> Measured(StoreHost host, string name)
    {
        using var collector = new MetricCollector<long>(
            host.Services.GetRequiredService<IMeterFactory>(), "HybridStore", $"hybridstore.redis.{name}");
        collector.RecordObservableInstruments();
        return collector.GetMeasurementSnapshot();
    }

    /// <summary>The numbers of INFO, past the store.</summary>
    private async Task<Dictionary<string, long>> InfoAsync()
    {
        var numbers = new Dictionary<string, long>();
        foreach (var line in ((string)(await servers.Redis.RunAsync("INFO"))!).Split("\r\n"))
        {
            if (line.Split(':') is [var name, var value]
                && long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                numbers[name] = number;
            }
        }

        return numbers;
    }
}
