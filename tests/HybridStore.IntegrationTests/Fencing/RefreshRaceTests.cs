using HybridStore.IntegrationTests.Reading;

namespace HybridStore.IntegrationTests.Fencing;

/// <summary>An early refresh that read before a write is not stored behind the write's invalidation.</summary>
public sealed class RefreshRaceTests(ServersFixture servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false, true, "refused_lease_lost")]
    [InlineData(false, false, "refused_lease_lost")]
    [InlineData(true, true, "refused_tag_fenced")]
    [InlineData(true, false, "refused_tag_fenced")]
    public async Task A_refresh_that_a_write_overtakes_is_not_stored(bool byTag, bool knowsXid, string refusal)
    {
        await using var race = await Race.StartAsync(servers);
        await race.First.Store.GetAsync(Race.Key, race.Load(), EarlyEntry.Eager, Cancellation);
        await race.SettleAsync();
        await EarlyEntry.MakeDueAsync(race.Redis, race.First.EntryName(Race.Key));
        var refresh = new HeldLoad<int>(race.Load());
        var current = race.First.Store.GetAsync(Race.Key, refresh.RunAsync, EarlyEntry.Eager, Cancellation).AsTask();
        await refresh.HasRead.WaitAsync(Cancellation);
        Assert.Equal(0, await current);

        var xid = await race.CommitAsync(1);
        await (byTag ? Race.InvalidateTagAsync(race.Second, knowsXid ? xid : null) : Race.InvalidateKeyAsync(race.Second, knowsXid ? xid : null));

        Assert.Equal((0, refusal), await new HeldRead(refresh, current, race.StoresOf(race.First)).EndAsync());
        Assert.Null(await race.CachedAsync());
        await race.AssertReadersGetAsync(1);
    }
}
