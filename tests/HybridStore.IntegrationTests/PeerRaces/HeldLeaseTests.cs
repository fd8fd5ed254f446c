using HybridStore.IntegrationTests.Fencing;

namespace HybridStore.IntegrationTests.PeerRaces;

/// <summary>A tag's invalidation does not know whose loads it overtakes, and leaves them their leases. Who reads meanwhile gets the new
/// row none the less.</summary>
public sealed class HeldLeaseTests(ServersFixture servers)
{
    private static readonly EntryOptions Eager = new() { TimeToLive = TimeSpan.FromSeconds(20), Jitter = 0, Beta = 100 };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(LoadPath.Query, true)]
    [InlineData(LoadPath.Query, false)]
    [InlineData(LoadPath.Unstamped, true)]
    [InlineData(LoadPath.Unstamped, false)]
    public async Task A_reader_of_the_other_instance_does_not_get_what_an_overtaken_load_brings(LoadPath path, bool knowsXid)
    {
        await using var race = await StartAsync(TimeSpan.FromMinutes(1));
        var overtaken = await race.HoldAsync(race.First, path);
        var xid = await race.CommitAsync(1);
        await Race.InvalidateTagAsync(race.Second, knowsXid ? xid : null);
        var late = race.Second.Store.GetAsync(Race.Key, race.Load(path), cancellationToken: Cancellation).AsTask();
        await race.SettleAsync();

        Assert.Equal((0, "refused_tag_fenced"), await overtaken.EndAsync());

        Assert.Equal(1, await late);
        await race.AssertReadersGetAsync(1);
    }

    [Fact]
    public async Task Nor_does_one_that_waits_no_longer()
    {
        await using var race = await StartAsync(TimeSpan.FromMilliseconds(20));
        var overtaken = await race.HoldAsync(race.First);
        await Race.InvalidateTagAsync(race.Second, await race.CommitAsync(1));

        Assert.Equal(1, await race.ReadAsync(race.Second));

        Assert.Null(await race.CachedAsync());
        Assert.Equal((0, "refused_tag_fenced"), await overtaken.EndAsync());
        await race.AssertReadersGetAsync(1);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Who_reads_while_an_overtaken_refresh_still_runs_gets_the_new_row(bool bySameInstance)
    {
        await using var race = await StartAsync(TimeSpan.FromMilliseconds(20));
        await race.First.Store.GetAsync(Race.Key, race.Load(), Eager, Cancellation);
        await race.SettleAsync();
        await race.Redis.StringSetRangeAsync(race.First.EntryName(Race.Key), 20, new byte[] { 255, 255, 255, 255 });
        var refresh = new HeldLoad<int>(race.Load());
        var current = race.First.Store.GetAsync(Race.Key, refresh.RunAsync, Eager, Cancellation).AsTask();
        await refresh.HasRead.WaitAsync(Cancellation);
        Assert.Equal(0, await current);
        await Race.InvalidateTagAsync(bySameInstance ? race.First : race.Second, await race.CommitAsync(1));

        Assert.Equal(1, await race.ReadAsync(race.First));
        Assert.Equal(1, await race.ReadAsync(race.Second));

        Assert.Equal((0, "refused_tag_fenced"), await new HeldRead(refresh, current, race.StoresOf(race.First)).EndAsync());
        await race.AssertReadersGetAsync(1);
    }

    private Task<Race> StartAsync(TimeSpan leaseWait) => Race.StartAsync(servers, options =>
    {
        options.LeaseWait = leaseWait;
        options.LeaseDuration = options.FenceTtl;
    });
}
