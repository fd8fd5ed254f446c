using System.Text;
using HybridStore.Redis;
using HybridStore.Servers;
using StackExchange.Redis;

namespace HybridStore.IntegrationTests.Fencing;

/// <summary>What <c>renew.lua</c> does with a guard.</summary>
public sealed class RenewScriptTests(ServersFixture servers) : IAsyncLifetime
{
    private static readonly byte[] Token = Encoding.ASCII.GetBytes("0123456789abcdef");
    private static readonly byte[] Another = Encoding.ASCII.GetBytes("fedcba9876543210");

    private readonly RedisKey _guard = RedisServer.NewKeyPrefix() + "guard";
    private IDatabase _redis = null!;

    public async ValueTask InitializeAsync() => _redis = (await servers.Redis.ConnectDirectlyAsync()).GetDatabase();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task A_lease_lasts_its_time_again_from_now_on()
    {
        var grantedAt = await GrantAsync(ago: 700, left: 300);

        var (now, what) = await RenewAsync(Token, lease: 1_000, fenceTtl: 60_000);

        Assert.Equal("renewed", what);
        Assert.Equal((grantedAt, now + 1_000), await TimesAsync());
    }

    [Fact]
    public async Task A_lease_that_lasts_longer_already_is_not_shortened()
    {
        await GrantAsync(ago: 0, left: 50_000);
        var before = await TimesAsync();

        Assert.Equal("renewed", (await RenewAsync(Token, lease: 1_000, fenceTtl: 60_000)).What);

        Assert.Equal(before, await TimesAsync());
    }

    [Fact]
    public async Task No_lease_is_renewed_beyond_the_time_for_which_fences_are_remembered()
    {
        var grantedAt = await GrantAsync(ago: 700, left: 300);

        Assert.Equal("renewed", (await RenewAsync(Token, lease: 10_000, fenceTtl: 5_000)).What);

        Assert.Equal((grantedAt, grantedAt + 5_000), await TimesAsync());
    }

    [Theory]
    [InlineData(700, 700)]
    [InlineData(900, 700)]
    public async Task After_that_time_it_is_not_renewed_at_all(long ago, long fenceTtl)
    {
        await GrantAsync(ago, left: 300);
        var before = await TimesAsync();

        Assert.Equal("late", (await RenewAsync(Token, lease: 1_000, fenceTtl)).What);

        Assert.Equal(before, await TimesAsync());
    }

    [Fact]
    public async Task The_token_of_an_earlier_load_does_not_renew_the_lease_of_a_later_one()
    {
        await GrantAsync(ago: 700, left: 300);
        var before = await TimesAsync();

        Assert.Equal("lost", (await RenewAsync(Another, lease: 1_000, fenceTtl: 60_000)).What);

        Assert.Equal(before, await TimesAsync());
    }

    [Fact]
    public async Task Nor_does_a_token_bring_back_a_lease_that_was_given_back_or_whose_guard_is_gone()
    {
        Assert.Equal("lost", (await RenewAsync(Token, lease: 1_000, fenceTtl: 60_000)).What);
        Assert.False(await _redis.KeyExistsAsync(_guard));

        await _redis.HashSetAsync(_guard, "1234", "1");
        Assert.Equal("lost", (await RenewAsync(Token, lease: 1_000, fenceTtl: 60_000)).What);
        Assert.Equal(1, await _redis.HashLengthAsync(_guard));

        await _redis.StringSetAsync(_guard, "not a hash");
        Assert.Equal("lost", (await RenewAsync(Token, lease: 1_000, fenceTtl: 60_000)).What);
    }

    [Fact]
    public async Task The_guard_is_there_for_as_long_as_the_lease_and_its_fences_stay()
    {
        await GrantAsync(ago: 700, left: 300);
        await _redis.HashSetAsync(_guard, "1234", "1");
        await _redis.KeyExpireAsync(_guard, TimeSpan.FromMilliseconds(5_000));

        await RenewAsync(Token, lease: 30_000, fenceTtl: 60_000);

        Assert.InRange((await _redis.KeyTimeToLiveAsync(_guard))!.Value, TimeSpan.FromMilliseconds(10_000), TimeSpan.FromMilliseconds(30_000));
        Assert.Equal("1", await _redis.HashGetAsync(_guard, "1234"));
        await _redis.KeyExpireAsync(_guard, TimeSpan.FromMinutes(10));

        await RenewAsync(Token, lease: 30_000, fenceTtl: 60_000);

        Assert.True(await _redis.KeyTimeToLiveAsync(_guard) > TimeSpan.FromMinutes(9));
    }

    /// <summary>A lease as it was granted so many milliseconds ago, with so many left. Returns when that was.</summary>
    private async Task<long> GrantAsync(long ago, long left)
    {
        var now = ((DateTimeOffset)await _redis.Multiplexer.GetServers()[0].TimeAsync()).ToUnixTimeMilliseconds();
        await _redis.HashSetAsync(_guard, [new("t", Token), new("a", now - ago), new("e", now + left)]);
        await _redis.KeyExpireAsync(_guard, TimeSpan.FromMinutes(2));
        return now - ago;
    }

    private async Task<(long GrantedAt, long EndsAt)> TimesAsync()
    {
        RedisValue[] times = await _redis.HashGetAsync(_guard, ["a", "e"]);
        return ((long)times[0], (long)times[1]);
    }

    private async Task<(long Now, string What)> RenewAsync(byte[] token, long lease, long fenceTtl)
    {
        var answer = await _redis.ScriptEvaluateAsync(
            RedisScript.Renew.For(serverKnowsFlags: true), [_guard], [token, lease, fenceTtl], CommandFlags.DemandMaster);
        return ((long)answer[0], (string)answer[1]!);
    }
}
