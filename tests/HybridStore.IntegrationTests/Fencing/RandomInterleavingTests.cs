using HybridStore.Redis;

namespace HybridStore.IntegrationTests.Fencing;

/// <summary>The real code on real servers, in orders that nobody has thought of; and that the search sees what it is to find.</summary>
public sealed class RandomInterleavingTests(ServersFixture servers)
{
    // The interleavings of a cut script are searched until one shows it.
    private const int RoundsOfAblation = 3000;

    [Fact]
    public async Task No_reader_gets_what_an_applied_invalidation_was_to_remove()
    {
        await using var race = await StartAsync();
        var seed = Random.Shared.Next();
        var interleaving = new RandomInterleaving(race, seed);

        if (await interleaving.RunAsync(300) is { } violation)
        {
            Assert.Fail(violation);
        }

        Assert.True(interleaving.Found > 0, $"Seed {seed}: nothing was ever stored.");
    }

    [Fact]
    public Task The_search_finds_what_a_store_without_the_lease_lets_in() => AssertFoundAsync(RedisScript.Store, CutScript.Lease);

    [Fact]
    public Task The_search_finds_what_a_store_without_the_fences_of_the_key_lets_in() =>
        AssertFoundAsync(RedisScript.Store, CutScript.Refusal("fence"));

    [Fact]
    public Task The_search_finds_what_a_store_without_the_fences_of_the_tags_lets_in() =>
        AssertFoundAsync(RedisScript.Store, CutScript.Refusal("tag"));

    [Fact]
    public Task The_search_finds_what_an_invalidation_that_loses_members_misses() =>
        AssertFoundAsync(RedisScript.Invalidate, CutScript.Membership);

    private async Task AssertFoundAsync(RedisScript script, Func<string, string> cut)
    {
        Assert.NotEqual(script.For(serverKnowsFlags: true), cut(script.For(serverKnowsFlags: true)));
        await using var race = await StartAsync(cut);
        var seed = Random.Shared.Next();

        Assert.True(
            await new RandomInterleaving(race, seed).RunAsync(RoundsOfAblation) is not null,
            $"Seed {seed}: nothing was found in {RoundsOfAblation} rounds.");
    }

    // Nobody waits for a lease: whoever does not get one loads for himself.
    private Task<Race> StartAsync(Func<string, string>? cut = null) => Race.StartAsync(servers, options =>
    {
        options.LeaseWait = TimeSpan.Zero;
        options.CutScript = cut;
    });
}
