using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace HybridStore.Realtime.Tests.UserStates;

public class UserStateTests(ServersFixture fixture)
{
    private static readonly UserStateGroup Preferences = new("preferences");
    private static readonly UserStateField<string> Theme = Preferences.Field("theme", "light");
    private static readonly UserStateField<int[]?> Panels = Preferences.Field<int[]>("panels");
    private static readonly UserStateField<long> Visits = Preferences.Field<long>("visits");
    private static readonly UserStateGroup Devices = new("devices", TimeSpan.FromHours(1));
    private static readonly UserStateField<Device?> Phone = Devices.Field<Device>("phone");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Fields_keep_their_types_and_what_was_never_set_has_its_default()
    {
        await using var host = await StartAsync();
        var state = host.Get<IUserState>();
        Assert.Equal("light", await state.GetAsync("u1", Theme, Cancellation));
        Assert.Null(await state.GetAsync("u1", Panels, Cancellation));

        await state.SetAsync("u1", Theme, "dark", Cancellation);
        await state.SetAsync("u1", Panels, [3, 1, 2], Cancellation);
        await state.SetAsync("u1", Phone, new Device("ios", 17), Cancellation);
        Assert.Equal("dark", await state.GetAsync("u1", Theme, Cancellation));
        Assert.Equal("3,1,2", string.Join(',', (await state.GetAsync("u1", Panels, Cancellation))!));
        Assert.Equal(new Device("ios", 17), await state.GetAsync("u1", Phone, Cancellation));
        Assert.Equal("light", await state.GetAsync("u2", Theme, Cancellation));
    }

    [Fact]
    public async Task A_group_is_read_and_changed_at_once()
    {
        await using var host = await StartAsync();
        var state = host.Get<IUserState>();
        await state.UpdateAsync("u1", Preferences, changes => changes.Set(Theme, "dark").Set(Visits, 7), Cancellation);
        await state.UpdateAsync("u1", Preferences, changes => changes.Remove(Theme).Set(Panels, [1]), Cancellation);
        await state.UpdateAsync("u1", Preferences, changes => { }, Cancellation);

        var all = await state.GetAllAsync("u1", Preferences, Cancellation);
        Assert.Equal(["panels", "visits"], all.Names.Order());
        Assert.Equal("light", all.Get(Theme));
        Assert.Equal(7, all.Get(Visits));
        Assert.Equal(1, Assert.Single(all.Get(Panels)!));
        Assert.Empty((await state.GetAllAsync("u2", Preferences, Cancellation)).Names);
    }

    [Fact]
    public async Task Readers_never_see_half_a_change()
    {
        await using var host = await StartAsync();
        var state = host.Get<IUserState>();
        var (first, second) = (Preferences.Field<int>("first"), Preferences.Field<int>("second"));
        await Task.WhenAll(Enumerable.Range(1, 64).Select(async number =>
        {
            await state.UpdateAsync("u1", Preferences, changes => changes.Set(first, number).Set(second, number), Cancellation);
            var all = await state.GetAllAsync("u1", Preferences, Cancellation);
            Assert.Equal(all.Get(first), all.Get(second));
        }));
    }

    [Fact]
    public async Task Numbers_are_counted_by_many_at_once_and_beyond_what_a_double_holds()
    {
        await using var host = await StartAsync();
        var state = host.Get<IUserState>();
        await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => state.IncrementAsync("u1", Visits, 2, Cancellation)));
        Assert.Equal(128, await state.GetAsync("u1", Visits, Cancellation));

        await state.SetAsync("u1", Visits, long.MaxValue - 1, Cancellation);
        Assert.Equal(long.MaxValue, await state.IncrementAsync("u1", Visits, 1, Cancellation));
        await Assert.ThrowsAsync<InvalidOperationException>(() => state.IncrementAsync("u1", Visits, 1, Cancellation));
        Assert.Equal(long.MaxValue, await state.GetAsync("u1", Visits, Cancellation));
        await state.SetAsync("u1", Theme, "dark", Cancellation);
        await Assert.ThrowsAsync<InvalidOperationException>(
            () => state.IncrementAsync("u1", Preferences.Field<long>("theme"), 1, Cancellation));
    }

    [Fact]
    public async Task What_is_removed_is_gone()
    {
        await using var host = await StartAsync();
        var state = host.Get<IUserState>();
        await state.UpdateAsync("u1", Preferences, changes => changes.Set(Theme, "dark").Set(Visits, 7), Cancellation);

        Assert.True(await state.RemoveAsync("u1", Theme, Cancellation));
        Assert.False(await state.RemoveAsync("u1", Theme, Cancellation));
        Assert.Equal("light", await state.GetAsync("u1", Theme, Cancellation));
        await state.DeleteAsync("u1", Preferences, Cancellation);
        Assert.Empty((await state.GetAllAsync("u1", Preferences, Cancellation)).Names);
    }

    [Fact]
    public async Task A_group_never_lasts_longer_than_its_time_whatever_was_known_of_it_before()
    {
        var trusted = new UserStateGroup("trusted", TimeSpan.FromSeconds(60));
        var device = trusted.Field<string>("device");
        await using var host = await RealtimeHost.StartAsync(fixture.Servers, builder => builder.AddUserState().AddSnapshots());
        var state = host.Get<IUserState>();
        await state.SetAsync("u1", device, "phone", Cancellation);
        await AssertLastsAsync();
        await state.DeleteAsync("u1", trusted, Cancellation);
        await state.SetAsync("u1", device, "laptop", Cancellation);
        await AssertLastsAsync();

        async Task AssertLastsAsync()
        {
            var groups = new List<TimeSpan>();
            await foreach (var key in host.Redis.Multiplexer.GetServers()[0].KeysAsync(pattern: $"{host.Prefix}:*").WithCancellation(Cancellation))
            {
                if (await host.Redis.KeyTypeAsync(key) == RedisType.Hash && ((string)key!).Contains("trusted", StringComparison.Ordinal))
                {
                    groups.Add((await host.Redis.KeyTimeToLiveAsync(key)) ?? TimeSpan.MaxValue);
                }
            }

            Assert.InRange(Assert.Single(groups), TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(60));
        }
    }

    [Fact]
    public async Task A_group_lasts_its_time_from_each_change_on_and_one_without_lasts_for_ever()
    {
        await using var host = await StartAsync();
        var state = host.Get<IUserState>();
        await state.SetAsync("u1", Phone, new Device("ios", 17), Cancellation);
        await state.SetAsync("u1", Theme, "dark", Cancellation);
        var (device, preferences) = (await KeyAsync(host, "devices"), await KeyAsync(host, "preferences"));
        Assert.Null(await host.Redis.KeyTimeToLiveAsync(preferences));
        Assert.InRange((await host.Redis.KeyTimeToLiveAsync(device))!.Value, TimeSpan.FromMinutes(59), TimeSpan.FromHours(1));

        await host.Redis.KeyExpireAsync(device, TimeSpan.FromMinutes(5));
        await host.Redis.KeyExpireAsync(preferences, TimeSpan.FromMinutes(5));
        await state.SetAsync("u1", Phone, new Device("ios", 18), Cancellation);
        await state.SetAsync("u1", Theme, "light", Cancellation);
        Assert.Null(await host.Redis.KeyTimeToLiveAsync(preferences));
        Assert.InRange((await host.Redis.KeyTimeToLiveAsync(device))!.Value, TimeSpan.FromMinutes(59), TimeSpan.FromHours(1));

        // Nothing is left of a group without fields, in a while.
        Assert.True(await state.RemoveAsync("u1", Theme, Cancellation));
        Assert.InRange((await host.Redis.KeyTimeToLiveAsync(preferences))!.Value, TimeSpan.FromHours(23), TimeSpan.FromHours(24));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_cannot_be_read_is_not_there_and_breaks_nothing(bool snapshots)
    {
        await using var host = await RealtimeHost.StartAsync(fixture.Servers, builder =>
        {
            builder.AddUserState();
            if (snapshots)
            {
                builder.AddSnapshots();
            }
        });
        var state = host.Get<IUserState>();
        await state.SetAsync("u1", Theme, "dark", Cancellation);
        var key = await KeyAsync(host, "preferences");
        await host.Redis.HashSetAsync(key, "theme", "{not json");
        Assert.Equal("light", await state.GetAsync("u1", Theme, Cancellation));
        Assert.Equal("light", (await state.GetAllAsync("u1", Preferences, Cancellation)).Get(Theme));

        await host.Redis.StringSetAsync(key, "not ours");
        Assert.Equal("light", await state.GetAsync("u1", Theme, Cancellation));
        await host.Redis.StringSetAsync(key, "not ours");
        Assert.Empty((await state.GetAllAsync("u1", Preferences, Cancellation)).Names);
        await host.Redis.StringSetAsync(key, "not ours");
        Assert.Equal(1, await state.IncrementAsync("u1", Visits, 1, Cancellation));

        // Somebody else's hash.
        await host.Redis.KeyDeleteAsync(key);
        await host.Redis.HashSetAsync(key, "visits", "5");
        Assert.Equal("light", await state.GetAsync("u1", Theme, Cancellation));
        Assert.Equal(5, await state.GetAsync("u1", Visits, Cancellation));
    }

    [Fact]
    public async Task Bad_input_is_refused_and_says_what_to_do()
    {
        await using var host = await StartAsync(options => options.MaximumValueBytes = 10);
        var state = host.Get<IUserState>();
        foreach (var bad in (string[])["", "a\0b", "\ud800", new string('x', 901)])
        {
            await Assert.ThrowsAsync<ArgumentException>("userId", () => state.GetAsync(bad, Theme, Cancellation));
            await Assert.ThrowsAsync<ArgumentException>("userId", () => state.SetAsync(bad, Theme, "x", Cancellation));
        }

        var tooLarge = await Assert.ThrowsAsync<ArgumentException>("value", () => state.SetAsync("u1", Theme, "123456789", Cancellation));
        Assert.Contains("11 bytes as JSON and may have 10", tooLarge.Message, StringComparison.Ordinal);
        await state.SetAsync("u1", Theme, "12345678", Cancellation);
        await Assert.ThrowsAsync<ArgumentException>(
            "field", () => state.UpdateAsync("u1", Preferences, changes => changes.Set(Phone, null), Cancellation));
        var all = await state.GetAllAsync("u1", Preferences, Cancellation);
        Assert.Throws<ArgumentException>("field", () => all.Get(Phone));
        Assert.Throws<ArgumentException>("name", () => new UserStateGroup("two:parts"));
        Assert.Throws<ArgumentException>("name", () => Preferences.Field<int>(""));
        Assert.Throws<ArgumentOutOfRangeException>("timeToLive", () => new UserStateGroup("a", TimeSpan.Zero));
    }

    [Fact]
    public async Task Settings_out_of_range_stop_the_start() => Assert.Contains(
        "user state: MaximumValueBytes must be from 1 to 1,048,576",
        (await Assert.ThrowsAsync<OptionsValidationException>(() => StartAsync(options => options.MaximumValueBytes = 0))).Message,
        StringComparison.Ordinal);

    private static async Task<RedisKey> KeyAsync(RealtimeHost host, string group)
    {
        await foreach (var key in host.Redis.Multiplexer.GetServers()[0].KeysAsync(pattern: $"{host.Prefix}:user-state:*:{group}:*"))
        {
            return key;
        }

        throw new InvalidOperationException($"There is no key of the group {group}.");
    }

    private Task<RealtimeHost> StartAsync(Action<UserStateOptions>? configure = null) =>
        RealtimeHost.StartAsync(fixture.Servers, builder => builder.AddUserState(configure));

    private sealed record Device(string System, int Version);
}
