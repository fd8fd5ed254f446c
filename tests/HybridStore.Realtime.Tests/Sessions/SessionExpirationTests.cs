using HybridStore.Realtime.Sessions;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace HybridStore.Realtime.Tests.Sessions;

public class SessionExpirationTests(ServersFixture fixture)
{
    private static readonly TimeSpan Sliding = TimeSpan.FromHours(1);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_use_moves_the_end_on()
    {
        await using var host = await StartAsync();
        var store = host.Get<ISessionStore>();
        var session = await store.CreateAsync(cancellationToken: Cancellation);
        var key = KeyOf(host, session.Handle);

        // Another instance: each moves it on once in a while.
        await using var second = await RealtimeHost.StartAsync(fixture.Servers, Register, besides: host);
        await AssertMovesAsync(host, key, () => second.Get<ISessionStore>().GetAsync(session.Id, Cancellation));
        await AssertMovesAsync(host, key, () => store.MergeAsync(session.Id, new SessionChanges().Set("a", "1"), Cancellation));
        await AssertMovesAsync(host, key, () => store.TryReplaceAsync(session.Id, 2, new SessionChanges().Set("b", "1"), Cancellation));
        await AssertMovesAsync(host, key, () => store.RegenerateIdAsync(session.Id, cancellationToken: Cancellation));
    }

    [Fact]
    public async Task One_instance_moves_the_end_on_once_in_a_while_and_reads_with_a_bare_command_in_between()
    {
        await using var host = await StartAsync();
        var store = host.Get<ISessionStore>();
        var session = await store.CreateAsync(
            new SessionStart { UserId = "42", Device = "Desk", Fields = new SessionChanges().Set("a", "1") }, Cancellation);
        var (key, first) = (KeyOf(host, session.Handle), await store.GetAsync(session.Id, Cancellation));
        await host.Redis.KeyExpireAsync(key, TimeSpan.FromMinutes(1));

        var second = await store.GetAsync(session.Id, Cancellation);

        Assert.True(await host.Redis.KeyTimeToLiveAsync(key) <= TimeSpan.FromMinutes(1));
        Assert.Equal((first!.Id, first.Handle, first.UserId, first.Device), (second!.Id, second.Handle, second.UserId, second.Device));
        Assert.Equal((first.CreatedAt, first.ExpiresAt, first.EndsAt, first.Version), (second.CreatedAt, second.ExpiresAt, second.EndsAt, second.Version));
        Assert.Equal("1", second.GetString("a"));
        Assert.Null(await store.GetAsync(SessionName.NewIdLike(session.Id), Cancellation));
        await store.RevokeAsync(session.Id, Cancellation);
        Assert.Null(await store.GetAsync(session.Id, Cancellation));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3600, 3600)]
    [InlineData(86400, 60_000)]
    public void A_moment_is_a_thousandth_of_the_time_that_it_lives_unused_and_a_minute_at_most(int seconds, int milliseconds) =>
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), RecentUses.MomentOf(TimeSpan.FromSeconds(seconds)));

    [Fact]
    public void What_was_used_a_moment_ago_is_remembered_for_a_moment()
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        var recent = new RecentUses(TimeSpan.FromSeconds(1), time);
        var name = SessionName.Of("one");
        recent.Add("one", name);

        Assert.True(recent.TryFind("one", out var found));
        Assert.Equal(name, found);
        Assert.False(recent.TryFind("two", out _));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.False(recent.TryFind("one", out _));
    }

    [Fact]
    public async Task Looking_at_the_list_and_trying_wrong_ids_move_nothing()
    {
        await using var host = await StartAsync();
        var store = host.Get<ISessionStore>();
        var session = await store.CreateAsync(new SessionStart { UserId = "42" }, Cancellation);
        var key = KeyOf(host, session.Handle);
        await host.Redis.KeyExpireAsync(key, TimeSpan.FromMinutes(1));

        await store.ListOfUserAsync("42", cancellationToken: Cancellation);
        await store.GetAsync(SessionName.NewIdLike(session.Id), Cancellation);
        await store.TryReplaceAsync(session.Id, 7, new SessionChanges(), Cancellation);

        Assert.True(await host.Redis.KeyTimeToLiveAsync(key) <= TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task Unused_it_ends()
    {
        await using var host = await StartAsync(options => options.SlidingExpiration = TimeSpan.FromSeconds(1));
        var store = host.Get<ISessionStore>();
        var session = await store.CreateAsync(cancellationToken: Cancellation);
        await Eventually.HappensAsync(async () => !await host.Redis.KeyExistsAsync(KeyOf(host, session.Handle)));

        Assert.Null(await store.GetAsync(session.Id, Cancellation));
        Assert.Null(await store.MergeAsync(session.Id, new SessionChanges().Set("a", "1"), Cancellation));
        Assert.False(await host.Redis.KeyExistsAsync(KeyOf(host, session.Handle)));
    }

    [Fact]
    public async Task Its_last_end_comes_however_often_it_is_used()
    {
        await using var host = await StartAsync(options =>
        {
            options.SlidingExpiration = TimeSpan.FromSeconds(1);
            options.AbsoluteLifetime = TimeSpan.FromSeconds(2);
        });
        var store = host.Get<ISessionStore>();
        var session = await store.CreateAsync(cancellationToken: Cancellation);
        var last = session;
        await Eventually.HappensAsync(async () =>
        {
            if (await store.GetAsync(session.Id, Cancellation) is not { } read)
            {
                return true;
            }

            last = read;
            return false;
        });

        Assert.Equal(session.CreatedAt + TimeSpan.FromSeconds(2), session.EndsAt);
        Assert.True(last.ExpiresAt <= last.EndsAt);
        Assert.True(last.ExpiresAt > session.ExpiresAt);
        var now = (RedisResult[])(await host.Redis.ExecuteAsync("TIME"))!;
        Assert.True(DateTimeOffset.FromUnixTimeSeconds((long)now[0]).AddSeconds(1) >= session.EndsAt);
    }

    [Fact]
    public async Task Without_a_last_end_it_lives_as_long_as_it_is_used()
    {
        await using var host = await StartAsync(options => options.AbsoluteLifetime = null);
        var store = host.Get<ISessionStore>();
        var session = await store.CreateAsync(cancellationToken: Cancellation);

        Assert.Null(session.EndsAt);
        Assert.Null((await store.GetAsync(session.Id, Cancellation))!.EndsAt);
    }

    [Fact]
    public async Task The_index_of_its_user_holds_it_for_longer_than_it_lives()
    {
        await using var host = await StartAsync(options => options.AbsoluteLifetime = null);
        var store = host.Get<ISessionStore>();
        var session = await store.CreateAsync(new SessionStart { UserId = "42" }, Cancellation);
        var (key, index) = (KeyOf(host, session.Handle), await IndexAsync(host));
        var ends = (await host.Redis.KeyTimeToLiveAsync(key))!.Value;
        var first = await host.Redis.SortedSetScoreAsync(index, session.Handle);
        Assert.True(await host.Redis.KeyTimeToLiveAsync(index) > ends);

        // As if a good part of the hour had passed since.
        var (longAgo, inBetween) = (first - (Sliding.TotalMilliseconds / 2), first - (Sliding.TotalMilliseconds / 8));
        await host.Redis.HashSetAsync(key, "i", inBetween);
        await host.Redis.SortedSetAddAsync(index, session.Handle, inBetween!.Value);
        await UseElsewhereAsync();
        Assert.Equal(inBetween, await host.Redis.SortedSetScoreAsync(index, session.Handle));

        foreach (var use in (Func<Task>[])
            [UseElsewhereAsync, () => store.MergeAsync(session.Id, new SessionChanges().Set("a", "1"), Cancellation)])
        {
            await host.Redis.HashSetAsync(key, "i", longAgo);
            await host.Redis.SortedSetAddAsync(index, session.Handle, longAgo!.Value);
            await use();
            Assert.True(await host.Redis.SortedSetScoreAsync(index, session.Handle) >= first);
            Assert.True((double)await host.Redis.HashGetAsync(key, "i") >= first);
        }

        async Task UseElsewhereAsync()
        {
            await using var other = await RealtimeHost.StartAsync(fixture.Servers, Register, besides: host);
            Assert.NotNull(await other.Get<ISessionStore>().GetAsync(session.Id, Cancellation));
        }
    }

    [Theory]
    [InlineData(0, 30, 1024, 1, "SlidingExpiration")]
    [InlineData(24, 23, 1024, 1, "AbsoluteLifetime")]
    [InlineData(24, 30, 1023, 1, "MaximumSize")]
    [InlineData(24, 30, 1024, 0, "CopyLookupsPerSecond")]
    public void Settings_out_of_range_are_refused_with_the_rule(int sliding, int lifetime, int size, int lookups, string setting)
    {
        var options = new SessionStoreOptions
        {
            SlidingExpiration = TimeSpan.FromHours(sliding),
            AbsoluteLifetime = TimeSpan.FromHours(lifetime),
            MaximumSize = size,
            CopyLookupsPerSecond = lookups,
        };

        Assert.StartsWith($"{setting} must be from", Assert.Single(options.Errors()), StringComparison.Ordinal);
    }

    private static string KeyOf(RealtimeHost host, string handle) => $"{host.Prefix}:session:{{{handle}}}";

    private static async Task AssertMovesAsync(RealtimeHost host, string key, Func<Task> use)
    {
        await host.Redis.KeyExpireAsync(key, TimeSpan.FromMinutes(1));
        await use();
        Assert.InRange((await host.Redis.KeyTimeToLiveAsync(key))!.Value, TimeSpan.FromMinutes(59), Sliding);
    }

    private async Task<string> IndexAsync(RealtimeHost host) =>
        ((string[])(await fixture.Servers.Redis.RunAsync("KEYS", $"{host.Prefix}:session-user:*"))!).Single();

    private static void Register(IHybridStoreBuilder builder) => builder.AddSessions(options => options.SlidingExpiration = Sliding);

    private Task<RealtimeHost> StartAsync(Action<SessionStoreOptions>? configure = null) => RealtimeHost.StartAsync(
        fixture.Servers,
        builder =>
        {
            Register(builder);
            builder.AddSessions(configure);
        });
}
