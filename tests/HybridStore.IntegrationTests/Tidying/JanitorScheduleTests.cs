using System.Diagnostics;
using HybridStore.IntegrationTests.Resilience;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using StackExchange.Redis;

namespace HybridStore.IntegrationTests.Tidying;

/// <summary>When the janitor runs, with time that moves only when told.</summary>
public sealed class JanitorScheduleTests(ServersFixture servers)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(10);

    private readonly FakeTimeProvider _time = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_runs_at_each_interval()
    {
        await using var host = await StartAsync(Interval);
        for (var round = 0; round < 2; round++)
        {
            await AddExpiredAsync(host);
            await host.RedisAsync("DEL", $"{host.Prefix}:janitor");

            await PassAsync(Interval * 1.1, () => IsTidyAsync(host));
        }

        Assert.DoesNotContain(host.Logs.GetSnapshot(), log => log.Id.Id == 1601 && !log.Message.Contains("Timeout", StringComparison.Ordinal));
    }

    [Fact]
    public async Task It_runs_soon_after_a_raise()
    {
        await using var host = await StartAsync(TimeSpan.FromDays(1));
        await host.Store.GetAsync("user:1", (_, _) => ValueTask.FromResult(1), cancellationToken: Cancellation);
        await host.Root.Redis!.Session!.Database.PingAsync();
        var old = host.Generation;
        var left = old.Entry(0, "user:1");
        var flushed = host.Store.FlushAsync(Cancellation);
        await Eventually.HappensAsync(() => host.Generation.Number > old.Number, "the generation is raised");
        await host.RedisAsync("HSET", host.Root.Redis.Session.Layout.State(0).ToString(), $"o{old.Text}", "1");

        await PassAsync(TimeSpan.FromSeconds(10), async () => (int)await host.RedisAsync("EXISTS", left.ToString()) == 0);

        await flushed;
    }

    [Fact]
    public async Task A_redis_that_is_away_is_logged_and_tried_again()
    {
        await using var link = RedisLink.To(servers.Redis);
        await using var host = await StartAsync(Interval, options => options.RedisConnectionString = link.ConnectionString);
        await AddExpiredAsync(host);
        link.Proxy.Cut();
        await PassAsync(Interval * 1.1, () => Task.FromResult(host.Logs.GetSnapshot().Any(log => log.Id.Id == 1601)));
        Assert.False(await IsTidyAsync(host));
        link.Proxy.Restore();
        await Eventually.HappensAsync(
            async () =>
            {
                try
                {
                    await host.Root.Redis!.Session!.Database.PingAsync();
                    return true;
                }
                catch (Exception error) when (error is RedisException or TimeoutException)
                {
                    return false;
                }
            },
            "the client is connected again");

        // Whatever the run before has left of its turn.
        await host.RedisAsync("DEL", $"{host.Prefix}:janitor");
        await PassAsync(Interval * 1.1, () => IsTidyAsync(host));
    }

    [Fact]
    public async Task A_run_that_waits_for_redis_does_not_keep_the_store_from_ending()
    {
        await using var link = RedisLink.To(servers.Redis);
        var host = await StartAsync(Interval, options => options.RedisConnectionString = link.ConnectionString);
        link.Proxy.Replies.Stall();
        var sent = link.Proxy.BytesUpstream;
        await PassAsync(Interval * 1.1, () => Task.FromResult(link.Proxy.BytesUpstream > sent));

        await host.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20), Cancellation);

        Assert.True(link.Proxy.BytesUpstream > sent);
    }

    [Fact]
    public async Task A_store_that_ends_before_redis_was_reached_ends_its_janitor()
    {
        await using var link = RedisLink.To(servers.Redis, connected: false);
        var host = await StoreHost.StartAsync(
            servers, options => options.RedisConnectionString = link.ConnectionString, waitForRedis: false);
        var redis = host.Root.Redis!;

        await host.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20), Cancellation);

        Assert.Null(redis.Session);
        Assert.True(redis.Ready.IsCanceled);
    }

    private static async Task AddExpiredAsync(StoreHost host) =>
        await host.RedisAsync("ZADD", host.Generation.TagSet(0, "tag").ToString(), "1", "gone");

    private static async Task<bool> IsTidyAsync(StoreHost host) =>
        (int)await host.RedisAsync("EXISTS", host.Generation.TagSet(0, "tag").ToString()) == 0;

    /// <summary>Lets time pass until something has happened: again now and then, for what had not begun to wait yet.</summary>
    private async Task PassAsync(TimeSpan time, Func<Task<bool>> condition)
    {
        var advancedAt = 0L;
        await Eventually.HappensAsync(
            async () =>
            {
                if (advancedAt == 0 || Stopwatch.GetElapsedTime(advancedAt) > TimeSpan.FromSeconds(10))
                {
                    _time.Advance(time);
                    advancedAt = Stopwatch.GetTimestamp();
                }

                return await condition();
            },
            "the janitor runs");
    }

    private Task<StoreHost> StartAsync(TimeSpan interval, Action<HybridStoreOptions>? configure = null) => StoreHost.StartAsync(
        servers,
        options =>
        {
            options.JanitorInterval = interval;
            configure?.Invoke(options);
        },
        (services, _) => services.AddSingleton<TimeProvider>(_time));
}
