using HybridStore.Realtime.Redis;
using HybridStore.Resilience;
using HybridStore.Servers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace HybridStore.Realtime.Tests.Calling;

public class RedisLinkTests(ServersFixture fixture)
{
    private static readonly RealtimeOperation Get = new("things", "get");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_application_starts_while_Redis_is_away_and_is_served_when_it_is_back()
    {
        await using var servers = await TestServers.StartAsync(new TestServersOptions { Controllable = true }, Cancellation);
        await servers.Redis.StopAsync(Cancellation);
        await using var host = await RealtimeHost.StartAsync(
            servers,
            builder => ServiceUnderTest.Register(builder),
            options => options.RedisTimeout = TimeSpan.FromMilliseconds(100),
            waitForRedis: false);
        var link = host.Get<ServiceUnderTest>().Link;

        Assert.Equal(RedisCallStatus.Refused, (await AskAsync(link)).Status);
        await servers.Redis.StartAsync(Cancellation);
        await link.Ready.WaitAsync(TimeSpan.FromSeconds(20), Cancellation);
        Assert.Equal(RedisCallStatus.Ok, (await AskAsync(link)).Status);
    }

    [Fact]
    public async Task Who_cancels_while_Redis_is_awaited_waits_no_more()
    {
        await using var servers = await TestServers.StartAsync(new TestServersOptions { Controllable = true }, Cancellation);
        await servers.Redis.StopAsync(Cancellation);
        await using var host = await RealtimeHost.StartAsync(
            servers, builder => ServiceUnderTest.Register(builder), options => options.RedisTimeout = TimeSpan.FromMinutes(1), waitForRedis: false);
        using var giveUp = new CancellationTokenSource();
        var asked = AskAsync(host.Get<ServiceUnderTest>().Link, giveUp.Token).AsTask();
        Assert.False(asked.IsCompleted);
        await giveUp.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
    }

    [Fact]
    public async Task Services_that_name_the_same_server_share_a_connection_of_their_own()
    {
        var redis = fixture.Servers.Redis.ConnectionString;
        await using var host = await RealtimeHost.StartAsync(fixture.Servers, builder =>
        {
            ServiceUnderTest.Register(builder, options => options.UseRedis(redis));
            builder.AddRateLimits(limits => limits.UseRedis(redis));
            builder.AddRollingCounters(counters => counters.UseRedis($"{redis},connectTimeout=4000"));
        });
        var links = host.Root.Links;
        var things = host.Get<ServiceUnderTest>().Link;

        Assert.Same(things, links.For(OptionsWith(redis)));
        Assert.NotSame(things, links.For(OptionsWith($"{redis},connectTimeout=4000")));
        Assert.NotSame(things, links.For(new RateLimitsOptions()));
        await things.Ready.WaitAsync(Cancellation);
        Assert.NotSame(host.Redis.Multiplexer, things.Session!.Multiplexer);
    }

    [Fact]
    public async Task A_store_with_a_key_has_services_under_its_key()
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddKeyedHybridStore("orders", options =>
        {
            options.PostgresConnectionString = fixture.Servers.Postgres.ConnectionString;
            options.RedisConnectionString = fixture.Servers.Redis.ConnectionString;
            options.KeyPrefix = RedisServer.NewKeyPrefix().TrimEnd(':');
            options.RedisTimeout = TimeSpan.FromSeconds(2);
        }).AddRateLimits();
        await using var provider = services.BuildServiceProvider();
        foreach (var hosted in provider.GetServices<IHostedService>())
        {
            await hosted.StartAsync(Cancellation);
        }

        Assert.Null(provider.GetService<IRateLimits>());
        var limits = provider.GetRequiredKeyedService<IRateLimits>("orders");
        using var lease = await limits.For(RateLimitsOptions.DefaultPolicy, "key").AcquireAsync(1, Cancellation);
        Assert.True(lease.TryGetMetadata(RateLimitMetadata.Remaining, out var remaining));
        Assert.Equal(99, remaining);
    }

    [Fact]
    public async Task A_store_that_runs_without_Redis_says_that_a_service_needs_one()
    {
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => RealtimeHost.StartAsync(
            fixture.Servers, builder => builder.AddRateLimits(), options => options.Mode = HybridStoreMode.PassThrough));

        Assert.Contains("UseRedis", error.Message, StringComparison.Ordinal);
    }

    private static RateLimitsOptions OptionsWith(string redis)
    {
        var options = new RateLimitsOptions();
        options.UseRedis(redis);
        return options;
    }

    private static ValueTask<RedisCallResult<StackExchange.Redis.RedisValue>> AskAsync(RedisLink link, CancellationToken? cancellationToken = null) =>
        link.ExecuteAsync(
            Get, "nothing", static (session, name) => session.Database.StringGetAsync(name), "nothing", cancellationToken ?? Cancellation);
}
