namespace HybridStore.IntegrationTests.Fencing;

/// <summary>Invalidations that are applied before their commit can be seen, as logical replication's can be.</summary>
public sealed class EarlyInvalidationTests(ServersFixture servers)
{
    [Fact]
    public async Task What_is_loaded_between_invalidation_and_commit_is_not_stored()
    {
        await using var race = await Race.StartAsync(servers);

        Assert.Null(await Traces.InvalidatedBeforeVisibleAsync(race));
        await race.AssertReadersGetAsync(1);
    }

    [Theory]
    [InlineData(LoadPath.Query)]
    [InlineData(LoadPath.OpenConnection)]
    [InlineData(LoadPath.StampAsync)]
    public async Task Readers_get_the_old_row_until_the_commit_and_the_new_one_from_then_on(LoadPath path)
    {
        await using var race = await Race.StartAsync(servers);
        await race.ReadAsync(race.First);
        await using var write = await race.BeginWriteAsync(1);
        await Race.InvalidateAsync(
            race.Second, new Invalidation { Keys = [Race.Key], Tags = [Race.Tag], TransactionId = write.Xid });

        Assert.Equal(0, await race.ReadAsync(race.First, path));
        Assert.Equal(0, await race.ReadAsync(race.Second, path));
        Assert.Null(await race.CachedAsync());
        await write.CommitAsync();

        await race.AssertReadersGetAsync(1);
    }

    [Fact]
    public async Task A_write_that_is_rolled_back_leaves_the_key_cacheable()
    {
        await using var race = await Race.StartAsync(servers);
        await using (var write = await race.BeginWriteAsync(1))
        {
            await Race.InvalidateKeyAsync(race.Second, write.Xid);
        }

        await race.AssertReadersGetAsync(0);
    }
}
