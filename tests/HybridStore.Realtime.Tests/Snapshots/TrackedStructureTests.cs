using HybridStore.Servers;
using StackExchange.Redis;

namespace HybridStore.Realtime.Tests.Snapshots;

public class TrackedStructureTests(ServersFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("")]
    [InlineData("KA")]
    public async Task What_the_application_writes_itself_is_written_where_it_has_changed_and_comes_back(string notifications)
    {
        await using var servers = await TestServers.StartAsync(new TestServersOptions { Controllable = true }, Cancellation);
        await servers.Redis.RunAsync("CONFIG", "SET", "notify-keyspace-events", notifications);
        await using var host = await StartAsync(servers);
        var snapshots = host.Get<ISnapshots>();
        await host.Redis.SortedSetAddAsync("queue", [.. Enumerable.Range(0, 1200).Select(number => new SortedSetEntry($"m{number}", number))]);
        await host.Redis.HashSetAsync("settings", [new("a", "1"), new("b", "2")]);
        Assert.Equal(new SnapshotResult(2, 1202, 0), await snapshots.TakeAsync(Cancellation));
        Assert.Equal(new SnapshotResult(0, 0, 0), await snapshots.TakeAsync(Cancellation));

        await host.Redis.SortedSetAddAsync("queue", "m5", 0.1 + 0.2);
        await host.Redis.SortedSetAddAsync("queue", "last", double.PositiveInfinity);
        await host.Redis.HashDeleteAsync("settings", "b");
        Assert.Equal(new SnapshotResult(2, 2, 1), await snapshots.TakeAsync(Cancellation));

        await servers.Redis.FlushAsync();
        Assert.Equal(2, await snapshots.RestoreAsync(Cancellation));
        Assert.Equal(1201, await host.Redis.SortedSetLengthAsync("queue"));
        Assert.Equal(0.1 + 0.2, await host.Redis.SortedSetScoreAsync("queue", "m5"));
        Assert.Equal(double.PositiveInfinity, await host.Redis.SortedSetScoreAsync("queue", "last"));
        Assert.Equal([new HashEntry("a", "1")], await host.Redis.HashGetAllAsync("settings"));
        Assert.Equal(0, await snapshots.RestoreAsync(Cancellation));
    }

    [Fact]
    public async Task What_the_application_wrote_after_the_loss_stays_and_what_it_deletes_is_deleted()
    {
        await using var servers = await TestServers.StartAsync(new TestServersOptions { Controllable = true }, Cancellation);
        await using var host = await StartAsync(servers);
        var snapshots = host.Get<ISnapshots>();
        await host.Redis.HashSetAsync("settings", [new("a", "1"), new("b", "2")]);
        await snapshots.TakeAsync(Cancellation);
        await servers.Redis.FlushAsync();
        await host.Redis.HashSetAsync("settings", [new("b", "new"), new("c", "3")]);

        // The next snapshot puts back before it writes.
        await snapshots.TakeAsync(Cancellation);
        Assert.Equal("a=1,b=new,c=3", await SettingsAsync(host));
        await host.Redis.KeyDeleteAsync("settings");
        Assert.Equal(3, (await snapshots.TakeAsync(Cancellation)).Removed);
        await servers.Redis.FlushAsync();
        Assert.Equal(0, await snapshots.RestoreAsync(Cancellation));
    }

    [Fact]
    public async Task A_Redis_that_comes_back_empty_gets_it_back_by_itself()
    {
        await using var servers = await TestServers.StartAsync(new TestServersOptions { Controllable = true }, Cancellation);
        await using var host = await StartAsync(servers);
        await host.Redis.HashSetAsync("settings", [new("a", "1")]);
        await host.Redis.KeyExpireAsync("settings", TimeSpan.FromHours(5));
        await host.Get<ISnapshots>().TakeAsync(Cancellation);
        await servers.Redis.KillAsync(Cancellation);
        await servers.Redis.StartAsync(Cancellation);

        await Eventually.HappensAsync(async () => (string?)await servers.Redis.RunAsync("HGET", "settings", "a") == "1");

        Assert.InRange((long)await servers.Redis.RunAsync("TTL", "settings"), 17_000, 18_000);
    }

    [Fact]
    public async Task A_key_of_another_type_is_left_alone_and_the_others_are_written()
    {
        await using var servers = await TestServers.StartAsync(new TestServersOptions { Controllable = true }, Cancellation);
        await using var host = await StartAsync(servers);
        await host.Redis.StringSetAsync("queue", "a text");
        await host.Redis.HashSetAsync("settings", [new("a", "1")]);

        Assert.Equal(1, (await host.Get<ISnapshots>().TakeAsync(Cancellation)).Written);
        Assert.Contains("tracked as a SortedSet holds a String", await host.LoggedAsync(3214), StringComparison.Ordinal);
        Assert.Equal("a text", await host.Redis.StringGetAsync("queue"));
    }

    [Fact]
    public async Task A_key_is_tracked_once_and_as_one_thing()
    {
        await using var host = await StartAsync(fixture.Servers);
        var snapshots = host.Get<ISnapshots>();
        snapshots.Track("queue", SnapshotStructure.SortedSet);
        Assert.Throws<ArgumentException>("key", () => snapshots.Track("queue", SnapshotStructure.Hash));
        Assert.Throws<ArgumentException>("key", () => snapshots.Track("", SnapshotStructure.Hash));
        Assert.Throws<ArgumentOutOfRangeException>("structure", () => snapshots.Track("other", (SnapshotStructure)5));
    }

    private static async Task<string> SettingsAsync(RealtimeHost host) =>
        string.Join(',', (await host.Redis.HashGetAllAsync("settings")).Select(entry => $"{entry.Name}={entry.Value}").Order());

    private static Task<RealtimeHost> StartAsync(TestServers servers) => SnapshotScene.StartAsync(
        servers,
        options =>
        {
            options.Track("queue", SnapshotStructure.SortedSet);
            options.Track("settings", SnapshotStructure.Hash);
        });
}
