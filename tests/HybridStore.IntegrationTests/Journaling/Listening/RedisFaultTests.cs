using HybridStore.IntegrationTests.Resilience;

namespace HybridStore.IntegrationTests.Journaling.Listening;

/// <summary>Redis goes away while PostgreSQL changes.</summary>
[Collection(nameof(DisturbedServers))]
public sealed class RedisFaultTests(DisturbedServers servers) : IAsyncLifetime
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => servers.RepairAsync();

    public ValueTask DisposeAsync() => servers.RepairAsync();

    [Fact]
    public async Task What_changes_while_redis_is_cut_off_is_applied_when_it_is_back()
    {
        await using var journal = await JournalHost.StartAsync(new SingleServers(servers.Servers), Impatient);
        await journal.ReadAsync(1);
        await journal.ReadAsync(2);
        await journal.SettleAsync();

        servers.Redis.Proxy.Cut();
        await journal.ExecuteAsync("update item set value = 1 where id = 1");
        Assert.Equal(1, await journal.ReadAsync(1));
        servers.Redis.Proxy.Restore();
        await journal.SettleAsync();

        Assert.Equal((1, 0), (await journal.ReadAsync(1), await journal.ReadAsync(2)));
    }

    [Fact]
    public async Task A_redis_that_comes_back_empty_is_led_again()
    {
        await using var journal = await JournalHost.StartAsync(new SingleServers(servers.Servers), Impatient);
        await journal.ReadAsync(1);
        await journal.SettleAsync();

        await servers.Redis.KillAsync(Cancellation);
        await journal.ExecuteAsync("update item set value = 1 where id = 1");
        await servers.Redis.StartAsync(Cancellation);
        await journal.SettleAsync();
        await journal.ExecuteAsync("update item set value = 2 where id = 1");
        await journal.SettleAsync();

        Assert.Equal(2, await journal.ReadAsync(1));
        Assert.Equal(2, await journal.ReadAsync(1, new ReadOptions { MaxStaleness = TimeSpan.FromSeconds(5) }));
    }

    [Fact]
    public async Task What_only_the_writer_could_not_tell_redis_no_other_process_is_served_once_the_mark_has_passed()
    {
        await using var journal = await JournalHost.StartAsync(new SingleServers(servers.Servers));
        await journal.ReadAsync(1);
        await using var writer = await JournalHost.StartAsync(
            new SingleServers(servers.Servers),
            options =>
            {
                options.RedisConnectionString = "127.0.0.1:1";
                options.RedisTimeout = TimeSpan.FromMilliseconds(50);
            },
            besides: journal,
            isListening: false,
            waitForRedis: false);

        var receipt = await writer.Store.WriteAsync(
            async (write, token) =>
            {
                await write.ExecuteAsync("update item set value = 1 where id = 1", cancellationToken: token);
                write.Invalidate("item:1");
            },
            cancellationToken: Cancellation);
        Assert.Equal(InvalidationStatus.Pending, receipt.Status);
        await journal.SettleAsync();

        Assert.Equal(1, await journal.ReadAsync(1));
    }

    [Fact]
    public async Task A_leader_that_redis_does_not_answer_lets_another_lead_which_it_does()
    {
        await using var journal = await JournalHost.StartAsync(new SingleServers(servers.Servers), Impatient);
        await using var other = await JournalHost.StartAsync(
            new SingleServers(servers.Servers),
            options =>
            {
                Impatient(options);
                options.RedisConnectionString = servers.Redis.DirectConnectionString;
            },
            besides: journal);
        await other.ReadAsync(1);

        servers.Redis.Proxy.Cut();
        await other.ExecuteAsync("update item set value = 1 where id = 1");
        await other.LeadsAsync();
        await other.SettleAsync();

        Assert.Equal(1, await other.ReadAsync(1));
        Assert.False(journal.IsLeading);
    }

    private static void Impatient(HybridStoreOptions options)
    {
        options.RedisTimeout = TimeSpan.FromMilliseconds(300);
        options.CircuitBreaker.BreakDuration = TimeSpan.FromSeconds(1);
    }
}
