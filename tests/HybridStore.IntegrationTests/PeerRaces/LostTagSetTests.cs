using HybridStore.IntegrationTests.Fencing;

namespace HybridStore.IntegrationTests.PeerRaces;

/// <summary>What holds when a tag set is lost past the store, as a Redis loses it that evicts whatever it likes (<c>allkeys-*</c>).</summary>
public sealed class LostTagSetTests(ServersFixture servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_entry_that_was_in_it_stays_until_its_key_is_invalidated_or_it_expires(bool knowsXid)
    {
        await using var race = await Race.StartAsync(servers);
        await race.ReadAsync(race.First);
        var name = race.First.EntryName(Race.Key);
        var lifetime = (await race.Redis.KeyTimeToLiveAsync(name))!.Value;
        await LoseTagSetAsync(race);
        var xid = await race.CommitAsync(1);

        await Race.InvalidateTagAsync(race.Second, knowsXid ? xid : null);

        // The README says so under what is not promised. Nothing lengthens its life.
        Assert.Equal(0, await race.CachedAsync());
        Assert.InRange((await race.Redis.KeyTimeToLiveAsync(name))!.Value, TimeSpan.Zero, lifetime);
        await Race.InvalidateKeyAsync(race.Second, knowsXid ? xid : null);
        Assert.Null(await race.CachedAsync());
        await race.AssertReadersGetAsync(1);
    }

    [Fact]
    public async Task An_invalidation_that_names_the_key_besides_the_tag_removes_it()
    {
        await using var race = await Race.StartAsync(servers);
        await race.ReadAsync(race.First);
        await LoseTagSetAsync(race);

        await Race.InvalidateAsync(
            race.Second,
            new Invalidation { Keys = [Race.Key], Tags = [Race.Tag], TransactionId = await race.CommitAsync(1) });

        Assert.Null(await race.CachedAsync());
        await race.AssertReadersGetAsync(1);
    }

    [Fact]
    public async Task Another_tag_of_the_entry_still_removes_it()
    {
        await using var race = await Race.StartAsync(servers);
        await race.First.Store.GetAsync(
            Race.Key,
            (context, token) =>
            {
                context.AddTag("another");
                return race.Load()(context, token);
            },
            cancellationToken: Cancellation);
        await LoseTagSetAsync(race);

        await Race.InvalidateAsync(race.Second, new Invalidation { Tags = ["another"], TransactionId = await race.CommitAsync(1) });

        Assert.Null(await race.CachedAsync());
        await race.AssertReadersGetAsync(1);
    }

    [Theory]
    [InlineData(LoadPath.Query, true)]
    [InlineData(LoadPath.Query, false)]
    [InlineData(LoadPath.Unstamped, true)]
    [InlineData(LoadPath.Unstamped, false)]
    public async Task A_load_that_runs_meanwhile_is_refused_all_the_same(LoadPath path, bool lostBeforeTheInvalidation)
    {
        await using var race = await Race.StartAsync(servers);
        await race.First.Store.GetAsync("item:2", race.Load(item: 2), cancellationToken: Cancellation);
        var read = await race.HoldAsync(race.First, path);
        if (lostBeforeTheInvalidation)
        {
            await LoseTagSetAsync(race);
        }

        await Race.InvalidateTagAsync(race.Second, await race.CommitAsync(1));
        await race.Redis.KeyDeleteAsync(race.TagSet);

        Assert.Equal((0, "refused_tag_fenced"), await read.EndAsync());
        Assert.Null(await race.CachedAsync());
        await race.AssertReadersGetAsync(1);
    }

    [Fact]
    public async Task Whatever_is_stored_after_the_loss_goes_with_its_tag_again()
    {
        await using var race = await Race.StartAsync(servers);
        await race.ReadAsync(race.First);
        await LoseTagSetAsync(race);
        await Race.InvalidateKeyAsync(race.Second, null);
        await race.ReadAsync(race.First);
        Assert.Equal(0, await race.CachedAsync());

        await Race.InvalidateTagAsync(race.Second, await race.CommitAsync(1));

        Assert.Null(await race.CachedAsync());
        await race.AssertReadersGetAsync(1);
    }

    [Fact]
    public async Task An_early_refresh_registers_the_entry_again()
    {
        var eager = new EntryOptions { TimeToLive = TimeSpan.FromSeconds(20), Jitter = 0, Beta = 100 };
        await using var race = await Race.StartAsync(servers);
        await race.First.Store.GetAsync(Race.Key, race.Load(), eager, Cancellation);
        await race.SettleAsync();
        await race.Redis.StringSetRangeAsync(race.First.EntryName(Race.Key), 20, new byte[] { 255, 255, 255, 255 });
        await LoseTagSetAsync(race);
        var refresh = new HeldLoad<int>(race.Load());
        var current = race.First.Store.GetAsync(Race.Key, refresh.RunAsync, eager, Cancellation).AsTask();
        await refresh.HasRead.WaitAsync(Cancellation);
        Assert.Equal((0, "stored"), await new HeldRead(refresh, current, race.StoresOf(race.First)).EndAsync());
        Assert.True(await race.IsMemberAsync());

        await Race.InvalidateTagAsync(race.Second, await race.CommitAsync(1));

        Assert.Null(await race.CachedAsync());
        await race.AssertReadersGetAsync(1);
    }

    [Fact]
    public async Task Where_the_fences_of_the_tag_are_lost_as_well_an_older_load_is_stored_and_can_still_be_removed()
    {
        await using var race = await Race.StartAsync(servers);
        var read = await race.HoldAsync(race.First);
        var xid = await race.CommitAsync(1);
        await Race.InvalidateTagAsync(race.Second, xid);
        Assert.True(await race.Redis.KeyDeleteAsync(race.TagFences));

        // The README says so under what is not promised. What is stored is a member, so that the invalidation need only come again.
        Assert.Equal((0, "stored"), await read.EndAsync());
        Assert.True(await race.IsMemberAsync());
        await Race.InvalidateTagAsync(race.Second, xid);
        Assert.Null(await race.CachedAsync());
        await race.AssertReadersGetAsync(1);
    }

    private static async Task LoseTagSetAsync(Race race)
    {
        await race.SettleAsync();
        Assert.True(await race.Redis.KeyDeleteAsync(race.TagSet), "There was no tag set.");
    }
}
