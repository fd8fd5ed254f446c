using HybridStore.Redis;

namespace HybridStore.IntegrationTests.Fencing;

/// <summary>That the traces can see: with the one check cut out of the real script that is there for it, each leaves an old version in
/// Redis behind an invalidation that was applied. Their other halves, with the scripts as they are, are in the classes beside.</summary>
public sealed class AblationTests(ServersFixture servers)
{
    [Fact]
    public async Task Without_the_lease_of_its_own_an_older_load_stores()
    {
        await using var race = await StartAsync(RedisScript.Store, CutScript.Lease);

        Assert.Equal(0, await Traces.LeaseTakenOverAsync(race));
    }

    [Fact]
    public async Task Without_the_lease_a_lost_guard_lets_an_old_load_store()
    {
        await using var race = await StartAsync(RedisScript.Store, CutScript.Lease);

        Assert.Equal(0, await Traces.GuardLostAsync(race));
    }

    [Fact]
    public async Task Without_the_time_limit_a_load_stores_when_its_fence_is_forgotten()
    {
        await using var race = await StartAsync(RedisScript.Store, CutScript.Refusal("late"));

        Assert.Equal(0, await Traces.FenceForgottenAsync(race));
    }

    [Fact]
    public async Task Without_the_fences_of_the_key_a_load_stores_what_is_about_to_change()
    {
        await using var race = await StartAsync(RedisScript.Store, CutScript.Refusal("fence"));

        Assert.Equal(0, await Traces.InvalidatedBeforeVisibleAsync(race));
    }

    [Fact]
    public async Task Without_the_floor_a_load_stores_what_an_old_write_is_about_to_change()
    {
        await using var race = await StartAsync(RedisScript.Store, CutScript.Floor);

        Assert.Equal(0, await Traces.FencesFoldedAsync(race));
    }

    [Theory]
    [InlineData(LoadPath.Query, true)]
    [InlineData(LoadPath.Query, false)]
    [InlineData(LoadPath.Unstamped, true)]
    [InlineData(LoadPath.Unstamped, false)]
    public async Task Without_the_fences_of_its_tags_a_load_stores_what_its_tag_was_to_remove(LoadPath path, bool knowsXid)
    {
        await using var race = await StartAsync(RedisScript.Store, CutScript.Refusal("tag"));

        Assert.Equal(0, await Traces.TagInvalidatedMeanwhileAsync(race, knowsXid, path));
    }

    [Fact]
    public async Task A_member_that_leaves_before_its_entry_is_missed_by_the_next_invalidation()
    {
        await using var race = await StartAsync(RedisScript.Invalidate, CutScript.Membership);

        Assert.Equal(1, await Traces.TagInvalidatedAgainAsync(race));
    }

    private Task<Race> StartAsync(RedisScript script, Func<string, string> cut)
    {
        Assert.NotEqual(script.For(serverKnowsFlags: true), cut(script.For(serverKnowsFlags: true)));
        return Race.StartAsync(servers, options => options.CutScript = cut);
    }
}
