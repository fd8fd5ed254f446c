using HybridStore.Servers;

namespace HybridStore.Realtime.Tests.Hosting;

public class DurabilityWarningTests
{
    private const int MayBeEvicted = 3000;
    private const int IsNotPersisted = 3001;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_should_last_on_a_server_that_evicts_and_does_not_persist_is_warned_of()
    {
        await using var servers = await StartAsync("--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru", "--appendonly", "no");
        await using var host = await RealtimeHost.StartAsync(servers, builder => ServiceUnderTest.Register(builder));

        Assert.Contains("things", await host.LoggedAsync(MayBeEvicted), StringComparison.Ordinal);
        Assert.Contains("things", await host.LoggedAsync(IsNotPersisted), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_keeps_what_it_has_is_not_warned_of()
    {
        await using var servers = await StartAsync("--maxmemory-policy", "noeviction", "--appendonly", "yes");
        await using var host = await RealtimeHost.StartAsync(servers, builder => ServiceUnderTest.Register(builder));
        await host.StopAsync();

        Assert.DoesNotContain(host.Logs.GetSnapshot(), line => line.Id.Id is MayBeEvicted or IsNotPersisted);
    }

    [Fact]
    public async Task A_service_with_a_Redis_of_its_own_is_judged_by_that()
    {
        await using var evicting = await StartAsync("--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru");
        await using var keeping = await StartAsync("--appendonly", "yes");
        await using var host = await RealtimeHost.StartAsync(
            evicting, builder => ServiceUnderTest.Register(builder, options => options.UseRedis(keeping.Redis.ConnectionString)));
        await host.Get<ServiceUnderTest>().Link.Ready.WaitAsync(Cancellation);
        await host.StopAsync();

        Assert.NotSame(host.Redis.Multiplexer, host.Get<ServiceUnderTest>().Link.Session!.Multiplexer);
        Assert.DoesNotContain(host.Logs.GetSnapshot(), line => line.Id.Id is MayBeEvicted or IsNotPersisted);
    }

    [Fact]
    public async Task A_service_with_a_client_of_its_own_is_started_and_judged_by_it_as_well()
    {
        await using var forgetting = await StartAsync("--appendonly", "no");
        await using var keeping = await StartAsync("--appendonly", "yes");
        await using var client = await StackExchange.Redis.ConnectionMultiplexer.ConnectAsync(forgetting.Redis.ConnectionString);
        await using var host = await RealtimeHost.StartAsync(
            keeping, builder => ServiceUnderTest.Register(builder, options => options.UseRedis(_ => client)));
        var service = host.Get<ServiceUnderTest>();

        Assert.Contains("things", await host.LoggedAsync(IsNotPersisted), StringComparison.Ordinal);
        Assert.Same(client, service.Link.Session!.Multiplexer);
        Assert.Same(service.Link, host.Root.Links.For(service.Options));
    }

    private static Task<TestServers> StartAsync(params string[] redis) =>
        TestServers.StartAsync(new TestServersOptions { RedisArguments = redis, Controllable = true }, Cancellation);
}
