using HybridStore.Redis;

namespace HybridStore.IntegrationTests.Fencing;

/// <summary>What needs servers without anybody else: ids that are the oldest, and a Redis that is full.</summary>
public sealed class UndisturbedServerTests(OwnServersForRaces own) : IClassFixture<OwnServersForRaces>
{
    [Fact]
    public async Task Of_more_writes_than_a_guard_has_room_for_none_is_forgotten()
    {
        await using var race = await Race.StartAsync(own.Servers);

        Assert.Null(await Traces.FencesFoldedAsync(race));

        // The floor is below whatever runs now.
        await race.AssertReadersGetAsync(1);
        Assert.InRange(await race.Redis.HashLengthAsync(race.Guard), 2, RedisInvalidations.ExactFences + 8);
    }

    [Fact]
    public async Task Of_more_writes_than_a_tag_has_room_for_none_is_forgotten()
    {
        await using var race = await Race.StartAsync(own.Servers);
        await using var write = await race.BeginWriteAsync(1);
        await Race.InvalidateTagAsync(race.Second, write.Xid);
        for (var more = 0; more < 2 * RedisInvalidations.ExactFences; more++)
        {
            await Race.InvalidateTagAsync(race.Second, await race.CommitAsync(more, item: 2));
        }

        var read = await race.HoldAsync(race.First);
        await write.CommitAsync();

        Assert.Equal((0, "refused_tag_fenced"), await read.EndAsync());
        await race.AssertReadersGetAsync(1);
        Assert.InRange(await race.Redis.HashLengthAsync(race.TagFences), 2, RedisInvalidations.ExactFences + 8);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_full_Redis_still_forgets(bool byTag)
    {
        await using var race = await Race.StartAsync(own.Servers);
        await race.ReadAsync(race.First);
        var overtaken = await race.HoldAsync(race.Second, "item:2");
        var xid = await race.CommitAsync(1);
        await race.CommitAsync(1, item: 2);
        await own.Servers.Redis.RunAsync("CONFIG", "SET", "maxmemory", "1");
        try
        {
            Assert.Equal(0, await race.CachedAsync());

            await Race.InvalidateAsync(race.First, new Invalidation
            {
                Keys = byTag ? [] : [Race.Key, "item:2"],
                Tags = byTag ? [Race.Tag] : [],
                TransactionId = xid,
            });

            Assert.Null(await race.CachedAsync());
            Assert.Equal((0, "failed"), await overtaken.EndAsync());
            Assert.Equal(1, await race.ReadAsync(race.First));
            Assert.Equal(1, await race.ReadAsync(race.Second));
            Assert.Null(await race.CachedAsync());
        }
        finally
        {
            await own.Servers.Redis.RunAsync("CONFIG", "SET", "maxmemory", "0");
        }

        await race.AssertReadersGetAsync(1);
        Assert.Null(await race.CachedAsync("item:2"));
    }
}
