namespace HybridStore.IntegrationTests.Fencing;

/// <summary>Only a load that still holds the lease of its key stores.</summary>
public sealed class LeaseLossTests(ServersFixture servers)
{
    public enum Moment
    {
        BeforeReading,
        AfterReading,
        AfterCommit,
        AfterInvalidation,
    }

    [Theory]
    [InlineData(Moment.BeforeReading)]
    [InlineData(Moment.AfterReading)]
    [InlineData(Moment.AfterCommit)]
    [InlineData(Moment.AfterInvalidation)]
    public async Task A_load_whose_guard_is_lost_is_not_stored(Moment lossAt)
    {
        await using var race = await Race.StartAsync(servers);
        Task LoseAsync(Moment moment) => moment == lossAt ? race.Redis.KeyDeleteAsync(race.Guard) : Task.CompletedTask;
        var read = race.HoldBeforeReading(race.First);
        await read.Begun;
        await LoseAsync(Moment.BeforeReading);
        await read.LetReadAsync();
        await LoseAsync(Moment.AfterReading);
        var xid = await race.CommitAsync(1);
        await LoseAsync(Moment.AfterCommit);
        await Race.InvalidateKeyAsync(race.Second, xid);
        await LoseAsync(Moment.AfterInvalidation);

        Assert.Equal((0, "refused_lease_lost"), await read.EndAsync());
        Assert.Null(await race.CachedAsync());
        await race.AssertReadersGetAsync(1);
    }

    [Fact]
    public async Task A_load_whose_lease_another_instance_has_taken_over_is_not_stored()
    {
        await using var race = await Race.StartAsync(servers);

        Assert.Null(await Traces.LeaseTakenOverAsync(race));
        await race.AssertReadersGetAsync(1);
    }

    [Fact]
    public async Task Nor_is_one_whose_lease_a_later_load_of_the_same_instance_holds()
    {
        await using var race = await Race.StartAsync(servers);
        var older = await race.HoldAsync(race.First);
        await race.CommitAsync(1);
        await Race.InvalidateKeyAsync(race.First, null);
        var younger = race.HoldBeforeReading(race.First);
        await younger.Begun;

        Assert.Equal((0, "refused_lease_lost"), await older.EndAsync());
        Assert.Null(await race.CachedAsync());
        Assert.Equal((1, "stored"), await younger.EndAsync());
        await race.AssertReadersGetAsync(1);
    }

    [Fact]
    public async Task A_lease_that_has_ended_still_stores_if_nobody_has_taken_it_and_nothing_was_invalidated()
    {
        await using var race = await Race.StartAsync(servers);
        var read = await race.HoldAsync(race.First);

        await race.EndLeaseAsync();

        Assert.Equal((0, "stored"), await read.EndAsync());
    }

    [Fact]
    public async Task A_load_that_lasts_until_fences_are_forgotten_is_not_stored()
    {
        await using var race = await Race.StartAsync(servers);
        var read = await race.HoldAsync(race.First);

        await race.PretendFenceTtlHasPassedAsync();

        Assert.Equal((0, "refused_too_late"), await read.EndAsync());
        await race.AssertReadersGetAsync(0);
    }

    [Fact]
    public async Task Not_even_the_forgotten_fence_of_a_tag_lets_an_old_load_in()
    {
        await using var race = await Race.StartAsync(servers);

        Assert.Null(await Traces.FenceForgottenAsync(race));
    }

    [Fact]
    public async Task Guards_are_remembered_for_the_whole_time_that_a_load_may_take()
    {
        await using var race = await Race.StartAsync(servers);
        var fenceTtl = race.First.Root.Redis!.Session!.Fencing.FenceTtl;
        var read = await race.HoldAsync(race.First);
        await race.Redis.KeyExpireAsync(race.Guard, TimeSpan.FromSeconds(20));

        await Race.InvalidateAsync(race.Second, new Invalidation { Keys = [Race.Key], Tags = [Race.Tag], TransactionId = await race.CommitAsync(1) });

        Assert.InRange((await race.Redis.KeyTimeToLiveAsync(race.Guard))!.Value, fenceTtl - TimeSpan.FromMinutes(1), fenceTtl);

        // What has a time to live may be evicted: the fences of a tag say themselves when they may be forgotten.
        Assert.Null(await race.Redis.KeyTimeToLiveAsync(race.TagFences));
        var left = (long)await race.Redis.HashGetAsync(race.TagFences, "x")
            - ((DateTimeOffset)await race.Redis.Multiplexer.GetServers()[0].TimeAsync()).ToUnixTimeMilliseconds();
        Assert.InRange(TimeSpan.FromMilliseconds(left), fenceTtl - TimeSpan.FromMinutes(1), fenceTtl);
        await read.EndAsync();
    }
}
