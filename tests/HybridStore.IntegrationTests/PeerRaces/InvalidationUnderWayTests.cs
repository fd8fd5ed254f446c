using HybridStore.IntegrationTests.Fencing;

namespace HybridStore.IntegrationTests.PeerRaces;

/// <summary>A load that is stored while an invalidation is on its way to Redis, which has not refused it yet.</summary>
public sealed class InvalidationUnderWayTests(ServersFixture servers)
{
    [Theory]
    [InlineData(1, true)]
    [InlineData(1, false)]
    [InlineData(16, true)]
    [InlineData(16, false)]
    public async Task What_is_stored_before_the_tags_invalidation_arrives_goes_with_it(int partitions, bool knowsXid)
    {
        await using var race = await StartAsync(partitions);
        var read = await race.HoldAsync(race.First);
        var xid = await race.CommitAsync(1);

        // With several partitions it has arrived in some of them, and not in the key's.
        using var held = servers.Redis.Proxy.HoldRequest((byte[])race.TagFences!);
        var invalidating = Race.InvalidateTagAsync(race.Second, knowsXid ? xid : null);
        await held.Arrived.WaitAsync(TestContext.Current.CancellationToken);
        Assert.Equal((0, "stored"), await read.EndAsync());
        Assert.True(await race.Redis.KeyExistsAsync(race.First.EntryName(Race.Key)));

        held.Release();
        await invalidating;

        Assert.Null(await race.CachedAsync());
        Assert.False(await race.IsMemberAsync());
        await race.AssertReadersGetAsync(1);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_is_stored_before_the_keys_invalidation_arrives_goes_with_it(bool knowsXid)
    {
        await using var race = await StartAsync(partitions: 1);
        var read = await race.HoldAsync(race.First);
        var xid = await race.CommitAsync(1);
        using var held = servers.Redis.Proxy.HoldRequest((byte[])race.Guard!);
        var invalidating = Race.InvalidateKeyAsync(race.Second, knowsXid ? xid : null);
        await held.Arrived.WaitAsync(TestContext.Current.CancellationToken);
        Assert.Equal((0, "stored"), await read.EndAsync());
        Assert.True(await race.Redis.KeyExistsAsync(race.First.EntryName(Race.Key)));

        held.Release();
        await invalidating;

        Assert.Null(await race.CachedAsync());
        await race.AssertReadersGetAsync(1);
    }

    private Task<Race> StartAsync(int partitions) => Race.StartAsync(servers, options =>
    {
        options.Partitions = partitions;

        // What is held must not be given up because the machine is busy.
        options.RedisTimeout = TimeSpan.FromMinutes(1);
    });
}
