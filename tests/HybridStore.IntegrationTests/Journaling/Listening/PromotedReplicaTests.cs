using System.Globalization;
using System.Net;
using HybridStore.IntegrationTests.Resilience;
using HybridStore.Servers;

namespace HybridStore.IntegrationTests.Journaling.Listening;

/// <summary>A replica is promoted that was cut off before its master heard of the last changes.</summary>
public sealed class PromotedReplicaTests
{
    private static readonly ReadOptions Bounded = new() { MaxStaleness = TimeSpan.FromSeconds(1) };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Its_old_entries_are_invalidated_by_the_replay_and_never_served_to_who_asks_for_a_bound()
    {
        await using var first = await TestServers.StartAsync(new TestServersOptions { Controllable = true }, Cancellation);
        await using var second = await TestServers.StartAsync(new TestServersOptions { Controllable = true }, Cancellation);

        // The replica hears its master by way of the proxy, the application speaks to both directly.
        var master = (IPEndPoint)first.Redis.Proxy.Endpoint;
        await second.Redis.RunAsync("REPLICAOF", master.Address.ToString(), master.Port.ToString(CultureInfo.InvariantCulture));
        await using var journal = await JournalHost.StartAsync(new SingleServers(first), options =>
        {
            options.RedisConnectionString =
                $"{first.Redis.DirectConnectionString},{second.Redis.DirectConnectionString},configCheckSeconds=1";
            options.CircuitBreaker.BreakDuration = TimeSpan.FromMilliseconds(500);
            options.RedisTimeout = TimeSpan.FromMilliseconds(500);
        });
        await journal.ReadAsync(1);
        await journal.ReadAsync(2);
        await journal.SettleAsync();
        await Eventually.HappensAsync(() => HoldsAsync(second, journal.Host.EntryName("item:2")), "the replica has heard of it");
        first.Redis.Proxy.Cut();
        await journal.ExecuteAsync("update item set value = 1 where id = 1");
        var changedAt = await journal.PostgresTimeAsync();
        await journal.SettleAsync();
        Assert.False(await journal.IsCachedAsync(1));
        while (await journal.PostgresTimeAsync() - changedAt < 1_000_000)
        {
            Assert.Equal(1, await journal.ReadAsync(1, Bounded));
        }

        await first.Redis.KillAsync(Cancellation);
        await second.Redis.RunAsync("REPLICAOF", "NO", "ONE");
        Assert.True(await HoldsAsync(second, journal.Host.EntryName("item:1")));

        await Eventually.HappensAsync(
            async () =>
            {
                Assert.Equal(1, await journal.ReadAsync(1, Bounded));
                return await journal.MarkAsync() is { } mark && mark.PostgresTime > changedAt;
            },
            "the replay is over");
        await journal.SettleAsync();
        Assert.Equal((1, 0), (await journal.ReadAsync(1), await journal.ReadAsync(2)));
    }

    private static async Task<bool> HoldsAsync(TestServers servers, StackExchange.Redis.RedisKey name) =>
        (int)await servers.Redis.RunAsync("EXISTS", name.ToString()) == 1;
}
