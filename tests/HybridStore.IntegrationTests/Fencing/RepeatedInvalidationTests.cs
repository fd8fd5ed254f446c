namespace HybridStore.IntegrationTests.Fencing;

/// <summary>The same invalidation may come late or again: it costs a load at most once.</summary>
public sealed class RepeatedInvalidationTests(ServersFixture servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public async Task What_reflects_the_write_stays(bool key, bool tag)
    {
        await using var race = await Race.StartAsync(servers);
        var what = new Invalidation
        {
            Keys = key ? [Race.Key] : [],
            Tags = tag ? [Race.Tag] : [],
            TransactionId = await race.CommitAsync(1),
        };
        await Race.InvalidateAsync(race.Second, what);
        await race.ReadAsync(race.First);

        await Race.InvalidateAsync(race.Second, what);
        await Race.InvalidateAsync(race.First, what);

        Assert.Equal(1, await race.CachedAsync());
        Assert.True(await race.IsMemberAsync());
        Assert.Equal(1, await race.Second.Store.GetAsync(Race.Key, NoLoad, cancellationToken: Cancellation));
    }

    [Fact]
    public async Task What_stayed_is_removed_by_the_next_invalidation_of_its_tag()
    {
        await using var race = await Race.StartAsync(servers);

        Assert.Null(await Traces.TagInvalidatedAgainAsync(race));
        Assert.False(await race.IsMemberAsync());
        await race.AssertReadersGetAsync(2);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_is_older_than_the_write_goes_however_late_its_invalidation_comes(bool byTag)
    {
        await using var race = await Race.StartAsync(servers);
        await race.ReadAsync(race.First);
        var xid = await race.CommitAsync(1);
        Assert.Equal(0, await race.ReadAsync(race.Second));

        await (byTag ? Race.InvalidateTagAsync(race.Second, xid) : Race.InvalidateKeyAsync(race.Second, xid));

        Assert.Null(await race.CachedAsync());
        await race.AssertReadersGetAsync(1);
    }

    [Fact]
    public async Task What_has_no_stamp_goes_each_time()
    {
        await using var race = await Race.StartAsync(servers);
        var xid = await race.CommitAsync(1);
        await race.ReadAsync(race.First, LoadPath.Unstamped);

        await Race.InvalidateKeyAsync(race.Second, xid);

        Assert.Null(await race.CachedAsync());
        await race.AssertReadersGetAsync(1);
    }

    [Fact]
    public async Task An_invalidation_whose_write_is_not_known_removes_whatever_is_there()
    {
        await using var race = await Race.StartAsync(servers);
        await race.CommitAsync(1);
        await race.ReadAsync(race.First);

        await Race.InvalidateKeyAsync(race.Second, null);

        Assert.Null(await race.CachedAsync());
    }

    private static ValueTask<int> NoLoad(LoadContext context, CancellationToken token) =>
        throw new InvalidOperationException("The entry should have been there.");
}
