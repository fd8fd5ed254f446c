using HybridStore.IntegrationTests.Fencing;
using HybridStore.IntegrationTests.Resilience;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace HybridStore.IntegrationTests.Generations;

/// <summary>What becomes of the number when Redis loses it.</summary>
[Collection(nameof(DisturbedServers))]
public sealed class LostStateTests(DisturbedServers servers) : IAsyncLifetime
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => servers.RepairAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task A_redis_that_lost_everything_goes_on_in_the_same_generation()
    {
        await using var race = await Race.StartAsync(servers.Servers);
        await race.ReadAsync(race.First);
        var before = race.First.Generation.Number;

        await servers.Redis.RunAsync("FLUSHALL");

        await race.CommitAsync(1);
        await race.AssertReadersGetAsync(1);
        Assert.Equal(before, race.First.Generation.Number);
        Assert.Equal(before, race.Second.Generation.Number);
    }

    [Fact]
    public async Task A_load_whose_lease_was_lost_with_everything_else_is_not_stored()
    {
        await using var race = await Race.StartAsync(servers.Servers);
        var read = await race.HoldAsync(race.First);
        await servers.Redis.RunAsync("FLUSHALL");
        await race.CommitAsync(1);
        await Race.InvalidateKeyAsync(race.Second, null);

        Assert.Equal((0, "refused_lease_lost"), await read.EndAsync());
        await race.AssertReadersGetAsync(1);
    }

    [Fact]
    public async Task Where_the_number_alone_may_have_been_evicted_it_is_raised()
    {
        await servers.Redis.RunAsync("CONFIG", "SET", "maxmemory", "1gb");
        await servers.Redis.RunAsync("CONFIG", "SET", "maxmemory-policy", "allkeys-lru");
        try
        {
            await using var race = await Race.StartAsync(servers.Servers, options => options.AllowTagsUnderAllKeysEviction = true);
            Assert.Equal(0, await race.ReadAsync(race.First));
            var before = race.First.Generation.Number;

            // The stamp of what is left is of a database that nobody knows any more.
            await servers.Redis.RunAsync("DEL", race.First.Root.Redis!.Session!.Layout.State(0).ToString());
            await Race.InvalidateKeyAsync(race.Second, null, "any");

            Assert.True(race.Second.Generation.Number > before);
            await race.CommitAsync(1);
            await Task.Run(() => race.First.Store.InvalidateKeyAsync("other", Cancellation), Cancellation);
            Assert.Equal(1, await race.ReadAsync(race.First));
        }
        finally
        {
            await servers.Redis.RunAsync("CONFIG", "SET", "maxmemory-policy", "noeviction");
            await servers.Redis.RunAsync("CONFIG", "SET", "maxmemory", "0");
        }
    }

    [Theory]
    [InlineData("HSET", "g", "-1")]
    [InlineData("HSET", "g", "1.5")]
    [InlineData("HSET", "g", "99999999999999999999")]
    [InlineData("HSET", "g", "nonsense")]
    [InlineData("SET")]
    public async Task A_state_that_is_not_ours_gives_way_and_costs_the_cache(string command, params string[] arguments)
    {
        await using var race = await Race.StartAsync(servers.Servers);
        Assert.Equal(0, await race.ReadAsync(race.First));
        var before = race.First.Generation.Number;
        await servers.Redis.RunAsync(
            [command, race.First.Root.Redis!.Session!.Layout.State(0).ToString(), .. arguments.DefaultIfEmpty("nonsense")]);

        await Race.InvalidateKeyAsync(race.Second, null, "any");

        Assert.True(race.Second.Generation.Number > before);
        await race.CommitAsync(1);
        await race.First.Store.InvalidateKeyAsync("other", Cancellation);
        await race.AssertReadersGetAsync(1);
    }

    [Fact]
    public async Task Who_still_reads_in_a_generation_whose_number_was_lost_gets_nothing_that_is_invalidated_meanwhile()
    {
        await using var race = await Race.StartAsync(servers.Servers);
        var clock = new FakeTimeProvider();
        await using var unaware = await StoreHost.StartAsync(
            servers.Servers, register: (services, _) => services.AddSingleton<TimeProvider>(clock), besides: race.First);
        Assert.Equal(0, await unaware.Store.GetAsync(Race.Key, race.Load(), cancellationToken: Cancellation));
        await unaware.Root.Redis!.Session!.Database.PingAsync();
        await servers.Redis.RunAsync("HSET", race.First.Root.Redis!.Session!.Layout.State(0).ToString(), "g", "nonsense");
        await race.CommitAsync(1);

        await Race.InvalidateKeyAsync(race.Second, null);

        Assert.True(race.Second.Generation.Number > unaware.Generation.Number);
        Assert.Equal(1, await unaware.Store.GetAsync(Race.Key, race.Load(), cancellationToken: Cancellation));
    }

    [Fact]
    public async Task A_flush_waits_for_a_redis_that_is_away_and_nothing_old_is_read_meanwhile()
    {
        await using var race = await Race.StartAsync(servers.Servers);
        Assert.Equal(0, await race.ReadAsync(race.First));
        await race.CommitAsync(1);
        servers.Redis.Proxy.Cut();

        var receipt = await race.First.Store.FlushAsync(Cancellation);

        Assert.Equal(InvalidationStatus.Pending, receipt.Status);
        servers.Redis.Proxy.Restore();
        Assert.Equal(1, await race.First.Store.GetAsync(Race.Key, race.Load(), cancellationToken: Cancellation));
        await receipt.WhenApplied(Cancellation);
        Assert.Equal(1, await race.Second.Store.GetAsync(Race.Key, race.Load(), cancellationToken: Cancellation));
        Assert.Equal(1, await race.First.Store.GetAsync(Race.Key, race.Load(), cancellationToken: Cancellation));
    }
}
