namespace HybridStore.IntegrationTests.Fencing;

/// <summary>Transactions do not commit in the order of their ids.</summary>
public sealed class WriteOrderTests(ServersFixture servers)
{
    [Fact]
    public async Task The_fence_of_a_tag_is_not_hidden_behind_a_larger_id_that_was_committed_earlier()
    {
        await using var race = await Race.StartAsync(servers);
        await using var slow = await race.BeginWriteAsync(1);
        var quick = await race.CommitAsync(1, item: 2);
        Assert.True(slow.Xid < quick);
        await Race.InvalidateTagAsync(race.Second, quick);
        var read = await race.HoldAsync(race.First);

        await slow.CommitAsync();
        await Race.InvalidateTagAsync(race.Second, slow.Xid);

        Assert.Equal((0, "refused_tag_fenced"), await read.EndAsync());
        await race.AssertReadersGetAsync(1);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_fence_of_a_key_is_not_hidden_behind_a_larger_id_that_was_committed_earlier(bool smallerFirst)
    {
        await using var race = await Race.StartAsync(servers);
        await using var slow = await race.BeginWriteAsync(1);
        var quick = await race.CommitAsync(1, item: 2);
        await Race.InvalidateKeyAsync(race.Second, smallerFirst ? slow.Xid : quick);
        await Race.InvalidateKeyAsync(race.Second, smallerFirst ? quick : slow.Xid);
        var read = await race.HoldAsync(race.First);

        await slow.CommitAsync();

        Assert.Equal((0, "refused_fenced"), await read.EndAsync());
        await race.AssertReadersGetAsync(1);
    }

    [Fact]
    public async Task An_entry_that_sees_the_larger_id_alone_is_removed_by_the_smaller()
    {
        await using var race = await Race.StartAsync(servers);
        await using var slow = await race.BeginWriteAsync(1);
        var quick = await race.CommitAsync(1, item: 2);
        await race.ReadAsync(race.First);
        await slow.CommitAsync();

        await Race.InvalidateKeyAsync(race.Second, quick);
        Assert.Equal(0, await race.CachedAsync());
        await Race.InvalidateKeyAsync(race.Second, slow.Xid);

        Assert.Null(await race.CachedAsync());
        await race.AssertReadersGetAsync(1);
    }

    [Fact]
    public async Task A_write_that_takes_long_elsewhere_keeps_nothing_out_of_the_cache()
    {
        await using var race = await Race.StartAsync(servers);
        await using var elsewhere = await race.BeginWriteAsync(1, item: 2);
        var xid = await race.CommitAsync(1);
        Assert.True(elsewhere.Xid < xid);
        await Race.InvalidateAsync(race.Second, new Invalidation { Keys = [Race.Key], Tags = [Race.Tag], TransactionId = xid });

        var read = await race.HoldAsync(race.First);

        Assert.Equal((1, "stored"), await read.EndAsync());
        var stamp = await race.StampAsync();
        Assert.True(stamp!.Xmin <= elsewhere.Xid);
        await race.AssertReadersGetAsync(1);
    }
}
