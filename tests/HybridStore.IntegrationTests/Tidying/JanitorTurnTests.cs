using HybridStore.Redis;
using HybridStore.Redis.Janitor;
using Microsoft.Extensions.Time.Testing;

namespace HybridStore.IntegrationTests.Tidying;

/// <summary>One instance tidies up, and the others let it.</summary>
public sealed class JanitorTurnTests(ServersFixture servers)
{
    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Of_two_instances_one_tidies_up_and_the_other_need_not_for_a_while()
    {
        await using var first = await StartAsync();
        await using var second = await StartAsync(first);
        await first.AddExpiredAsync("tag", 3);

        var outcomes = await Task.WhenAll(first.RunAsync(), second.RunAsync());

        Assert.Equal([JanitorOutcome.NotMyTurn, JanitorOutcome.Done], outcomes.Order());
        Assert.Equal(JanitorOutcome.NotMyTurn, await first.RunAsync());
        Assert.Equal(JanitorOutcome.NotMyTurn, await second.RunAsync());
        var rest = await first.Redis.KeyTimeToLiveAsync(RedisNames.Turn(first));
        Assert.InRange(rest!.Value, Interval * 0.5, Interval * 0.8);
    }

    [Fact]
    public async Task While_another_instance_is_at_it_nothing_is_removed()
    {
        await using var tidy = await StartAsync();
        await tidy.AddExpiredAsync("tag", 3);
        await tidy.Redis.StringSetAsync(RedisNames.Turn(tidy), "another's token", Interval);

        Assert.Equal(JanitorOutcome.NotMyTurn, await tidy.RunAsync());

        Assert.Equal(3, await tidy.Redis.SortedSetLengthAsync(tidy.Host.Generation.TagSet(0, "tag")));
        Assert.Equal("another's token", await tidy.Redis.StringGetAsync(RedisNames.Turn(tidy)));
    }

    [Fact]
    public async Task A_raise_lets_it_be_done_again_at_once()
    {
        await using var first = await StartAsync();
        await using var second = await StartAsync(first);
        await first.StoreAsync("user:1", "tag");
        var old = first.Host.Generation;
        Assert.Equal(JanitorOutcome.Done, await first.RunAsync());
        await first.Host.Store.FlushAsync(Cancellation);
        await second.StoreAsync("user:2");

        // As long as others may read in the old one it is left, and the turn with it.
        await first.SetGraceAsync(old.Number, goesOn: true);
        Assert.Equal(JanitorOutcome.InGrace, await second.RunAsync());
        await first.SetGraceAsync(old.Number, goesOn: false);

        Assert.Equal(JanitorOutcome.Done, await second.RunAsync());
        Assert.False(await first.Redis.KeyExistsAsync(old.Entry(0, "user:1")));
        Assert.Equal(JanitorOutcome.NotMyTurn, await first.RunAsync());
    }

    [Fact]
    public async Task A_turn_ends_by_itself_where_its_holder_has_died()
    {
        await using var tidy = await StartAsync();
        var (dead, _) = TurnOf(tidy);
        Assert.True(await dead.TakeAsync(1));

        Assert.Equal(JanitorOutcome.NotMyTurn, await tidy.RunAsync());
        var term = await tidy.Redis.KeyTimeToLiveAsync(RedisNames.Turn(tidy));
        Assert.InRange(term!.Value, TimeSpan.FromTicks(1), JanitorTurn.Term);

        // As if that time had passed.
        await tidy.Redis.KeyDeleteAsync(RedisNames.Turn(tidy));
        Assert.Equal(JanitorOutcome.Done, await tidy.RunAsync());
    }

    [Fact]
    public async Task A_turn_is_renewed_while_it_lasts()
    {
        await using var tidy = await StartAsync();
        var (turn, time) = TurnOf(tidy);
        Assert.True(await turn.TakeAsync(1));
        await tidy.Redis.KeyExpireAsync(RedisNames.Turn(tidy), TimeSpan.FromSeconds(15));
        Assert.True(await turn.HoldsAsync());
        var asked = await tidy.Redis.KeyTimeToLiveAsync(RedisNames.Turn(tidy));

        time.Advance(JanitorTurn.Term / 3);
        Assert.True(await turn.HoldsAsync());

        Assert.InRange(asked!.Value, TimeSpan.Zero, TimeSpan.FromSeconds(15));
        var renewed = await tidy.Redis.KeyTimeToLiveAsync(RedisNames.Turn(tidy));
        Assert.InRange(renewed!.Value, TimeSpan.FromSeconds(15), JanitorTurn.Term);
    }

    [Fact]
    public async Task Who_has_lost_the_turn_stops_and_takes_it_from_nobody()
    {
        await using var tidy = await StartAsync();
        var (late, time) = TurnOf(tidy);
        Assert.True(await late.TakeAsync(1));
        await tidy.Redis.KeyDeleteAsync(RedisNames.Turn(tidy));
        var (next, _) = TurnOf(tidy);
        Assert.True(await next.TakeAsync(1));

        time.Advance(JanitorTurn.Term);
        Assert.False(await late.HoldsAsync());
        Assert.False(await late.HoldsAsync());
        await late.LeaveAsync(1, Interval);
        late.GiveUp();
        await tidy.Host.Root.Redis!.Session!.Database.PingAsync();

        Assert.True(await next.HoldsAsync());
        await next.LeaveAsync(1, TimeSpan.Zero);
        Assert.False(await tidy.Redis.KeyExistsAsync(RedisNames.Turn(tidy)));
    }

    private static (JanitorTurn Turn, FakeTimeProvider Time) TurnOf(TidyHost tidy)
    {
        var time = new FakeTimeProvider();
        var calls = new PacedCalls(tidy.Host.Root.Redis!.Session!, time, Cancellation);
        return (new JanitorTurn(calls, RedisLayout.JanitorTurn(tidy.Host.Prefix)), time);
    }

    private Task<TidyHost> StartAsync(TidyHost? besides = null) =>
        TidyHost.StartAsync(servers, options => options.JanitorInterval = Interval, besides?.Host);
}
