using HybridStore.IntegrationTests.Reading;
using HybridStore.IntegrationTests.Resilience;
using HybridStore.Servers;
using Microsoft.Extensions.Logging;

namespace HybridStore.IntegrationTests.Hosting;

public sealed class LayoutRecordTests(ServersFixture servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_second_instance_with_another_setting_adopts_what_the_first_has_recorded()
    {
        await using var first = await StoreHost.StartAsync(servers, options => options.Partitions = 16);
        await using var second = await StoreHost.StartAsync(servers, options => options.Partitions = 4, besides: first);
        var loads = new NumberedLoads();

        Assert.Equal(16, second.Root.Redis!.Session!.Layout.Partitions.Count);
        Assert.Contains(second.Logs.GetSnapshot(), log => log.Id.Id == 1003 && log.Level == LogLevel.Warning);
        for (var id = 0; id < 32; id++)
        {
            await first.Store.GetAsync($"key:{id}", loads.RunAsync, cancellationToken: Cancellation);
            await first.Root.Redis!.Session!.Database.PingAsync();
            Assert.Equal(id + 1, await second.Store.GetAsync($"key:{id}", loads.RunAsync, cancellationToken: Cancellation));
        }

        Assert.Equal(32, loads.Runs);
    }

    [Theory]
    [InlineData("SET", "garbage")]
    [InlineData("HSET", "layout", "1", "partitions", "many")]
    [InlineData("HSET", "layout", "1", "partitions", "0")]
    [InlineData("HSET", "layout", "1", "partitions", "-4")]
    [InlineData("HSET", "layout", "1", "partitions", "2.5")]
    [InlineData("HSET", "layout", "1", "partitions", "1e9")]
    [InlineData("HSET", "layout", "1", "partitions", "nan")]
    [InlineData("HSET", "partitions", "4")]
    [InlineData("RPUSH", "1", "2")]
    public async Task An_unreadable_record_is_replaced(string command, params string[] arguments)
    {
        var prefix = RedisServer.NewKeyPrefix().TrimEnd(':');
        await servers.Redis.RunAsync([command, $"{prefix}:layout", .. arguments]);

        await using var host = await StoreHost.StartAsync(
            servers,
            options =>
            {
                options.KeyPrefix = prefix;
                options.Partitions = 8;
            });

        Assert.Equal(8, host.Root.Redis!.Session!.Layout.Partitions.Count);
        Assert.Equal(["1", "8"], ((string?[])(await host.RedisAsync("HMGET", $"{prefix}:layout", "layout", "partitions")))!);
    }

    [Theory]
    [InlineData("2", "1", "KeyPrefix")]
    [InlineData("1", "3", "power of two")]
    public async Task A_record_that_this_release_cannot_follow_is_left_alone_and_reads_go_to_postgres(
        string layout, string partitions, string remedy)
    {
        var prefix = RedisServer.NewKeyPrefix().TrimEnd(':');
        await servers.Redis.RunAsync("HSET", $"{prefix}:layout", "layout", layout, "partitions", partitions);
        var loads = new NumberedLoads();

        await using var host = await StoreHost.StartAsync(servers, options => options.KeyPrefix = prefix, waitForRedis: false);
        await Eventually.HappensAsync(() => host.Logs.GetSnapshot().Any(log => log.Id.Id == 1001), "the refusal is logged");

        var refusal = host.Logs.GetSnapshot().First(log => log.Id.Id == 1001);
        Assert.Contains(remedy, refusal.Exception?.Message, StringComparison.Ordinal);
        Assert.Equal(1, await host.Store.GetAsync("key", loads.RunAsync, cancellationToken: Cancellation));
        Assert.Equal(2, await host.Store.GetAsync("key", loads.RunAsync, cancellationToken: Cancellation));
        Assert.Equal([layout, partitions], ((string?[])(await host.RedisAsync("HMGET", $"{prefix}:layout", "layout", "partitions")))!);
    }

}
