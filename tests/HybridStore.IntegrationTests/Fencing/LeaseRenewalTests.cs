using HybridStore.IntegrationTests.Resilience;
using HybridStore.IntegrationTests.Telemetry;
using StackExchange.Redis;

namespace HybridStore.IntegrationTests.Fencing;

/// <summary>A load that lasts longer than a lease keeps it.</summary>
public sealed class LeaseRenewalTests(ServersFixture servers)
{
    private static readonly TimeSpan LeaseDuration = TimeSpan.FromSeconds(1);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_load_that_lasts_three_leases_is_stored_and_nobody_else_loads_meanwhile()
    {
        await using var race = await Race.StartAsync(servers, ShortLeases);
        using var meter = new RecordedMeter(race.First);
        var load = new HeldLoad<int>(race.Load());
        var reader = race.First.Store.GetAsync(Race.Key, load.RunAsync, cancellationToken: Cancellation).AsTask();
        await load.HasRead.WaitAsync(Cancellation);
        var other = new HeldLoad<int>(race.Load());
        other.LetReturn();
        var waiting = race.Second.Store.GetAsync(Race.Key, other.RunAsync, cancellationToken: Cancellation).AsTask();

        // A lease that ends so late has been renewed when three were over.
        await Eventually.HappensAsync(async () => await LastsAsync(race) > 4 * LeaseDuration, "the lease is renewed");
        load.LetReturn();

        Assert.Equal((0, 0), (await reader, await waiting));
        Assert.Equal((1, 0), (load.Runs, other.Runs));
        Assert.Equal(0, await race.CachedAsync());
        Assert.All(meter.TagsOf("hybridstore.lease.renewals", "hybridstore.result"), result => Assert.Equal("renewed", result));
    }

    [Fact]
    public async Task A_holder_that_dies_is_followed_by_the_next_who_waits()
    {
        await using var race = await Race.StartAsync(servers, ShortLeases);
        await GrantAsync(race);

        Assert.Equal(0, await race.ReadAsync(race.Second));

        // Unlike what somebody loads who has lost patience, it is stored.
        Assert.Equal(0, await race.CachedAsync());
    }

    [Fact]
    public async Task A_load_that_fails_frees_its_lease_however_often_that_was_renewed()
    {
        await using var race = await Race.StartAsync(servers, ShortLeases);
        var load = new HeldLoad<int>((_, _) => new ValueTask<int>(0));
        var reader = race.First.Store.GetAsync(Race.Key, FailingAsync, cancellationToken: Cancellation).AsTask();
        await Eventually.HappensAsync(async () => await LastsAsync(race) > LeaseDuration * 1.2, "the lease is renewed");

        load.LetReturn();

        await Assert.ThrowsAsync<InvalidOperationException>(() => reader);
        await race.SettleAsync();
        Assert.False(await race.Redis.HashExistsAsync(race.Guard, "t"));
        Assert.Equal(0, await race.ReadAsync(race.Second));

        async ValueTask<int> FailingAsync(LoadContext context, CancellationToken token)
        {
            await load.RunAsync(context, token);
            throw new InvalidOperationException("No.");
        }
    }

    [Fact]
    public async Task An_invalidation_ends_a_lease_that_is_being_renewed()
    {
        await using var race = await Race.StartAsync(servers, ShortLeases);
        var read = await race.HoldAsync(race.First);
        await Eventually.HappensAsync(async () => await LastsAsync(race) > LeaseDuration * 1.2, "the lease is renewed");

        await Race.InvalidateKeyAsync(race.Second, await race.CommitAsync(1));

        Assert.False(await race.Redis.HashExistsAsync(race.Guard, "t"));
        Assert.Equal(1, await race.ReadAsync(race.Second));
        Assert.Equal((0, "refused_lease_lost"), await read.EndAsync());
        await race.AssertReadersGetAsync(1);
    }

    private static void ShortLeases(HybridStoreOptions options)
    {
        options.LeaseDuration = LeaseDuration;
        options.LeaseWait = TimeSpan.FromMinutes(1);
    }

    /// <summary>As a process does that is not heard of again.</summary>
    private static async Task GrantAsync(Race race)
    {
        var answer = await race.First.Root.Gateway!.LeaseAsync(Race.Key, default, Cancellation);
        Assert.True(answer.TryGetValue(out var granted));
        Assert.NotNull(granted.Lease);
    }

    /// <summary>From its grant to its end; zero where nobody holds one.</summary>
    private static async Task<TimeSpan> LastsAsync(Race race)
    {
        RedisValue[] times = await race.Redis.HashGetAsync(race.Guard, ["a", "e"]);
        return TimeSpan.FromMilliseconds((long)times[1] - (long)times[0]);
    }
}
