namespace HybridStore.IntegrationTests.Fencing;

/// <summary>Tags that are invalidated while loads run whose keys are no members yet.</summary>
public sealed class TagRaceTests(ServersFixture servers)
{
    [Theory]
    [InlineData(LoadPath.Query, true)]
    [InlineData(LoadPath.Query, false)]
    [InlineData(LoadPath.OpenConnection, true)]
    [InlineData(LoadPath.StampAsync, false)]
    [InlineData(LoadPath.Unstamped, true)]
    [InlineData(LoadPath.Unstamped, false)]
    public async Task A_load_is_not_stored_if_its_tag_is_invalidated_meanwhile(LoadPath path, bool knowsXid)
    {
        await using var race = await Race.StartAsync(servers);

        Assert.Null(await Traces.TagInvalidatedMeanwhileAsync(race, knowsXid, path));
        Assert.False(await race.IsMemberAsync());
        await race.AssertReadersGetAsync(1);
    }

    [Theory]
    [InlineData(LoadPath.Query)]
    [InlineData(LoadPath.Unstamped)]
    public async Task A_load_that_begins_after_the_invalidation_is_stored(LoadPath path)
    {
        await using var race = await Race.StartAsync(servers);
        await Race.InvalidateTagAsync(race.Second, await race.CommitAsync(1));
        await Race.InvalidateTagAsync(race.Second, null);

        var read = await race.HoldAsync(race.First, path);

        Assert.Equal((1, "stored"), await read.EndAsync());
        Assert.True(await race.IsMemberAsync());
    }

    [Fact]
    public async Task A_stamped_load_is_stored_if_it_sees_the_write_of_the_invalidation_that_came_meanwhile()
    {
        await using var race = await Race.StartAsync(servers);
        var xid = await race.CommitAsync(1);
        var read = await race.HoldAsync(race.First);

        await Race.InvalidateTagAsync(race.Second, xid);

        Assert.Equal((1, "stored"), await read.EndAsync());
        await race.AssertReadersGetAsync(1);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_invalidation_removes_what_is_stored_between_key_and_tag(bool knowsXid)
    {
        await using var race = await Race.StartAsync(servers);
        await race.ReadAsync(race.First);
        var xid = await race.CommitAsync(1);

        await Race.InvalidateTagAsync(race.Second, knowsXid ? xid : null);

        Assert.Null(await race.CachedAsync());
        Assert.False(await race.IsMemberAsync());
        await race.AssertReadersGetAsync(1);
    }
}
