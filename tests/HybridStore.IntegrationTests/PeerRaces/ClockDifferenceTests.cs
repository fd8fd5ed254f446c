using System.Buffers.Binary;
using HybridStore.IntegrationTests.Fencing;
using HybridStore.IntegrationTests.Resilience;
using HybridStore.Serialization;

namespace HybridStore.IntegrationTests.PeerRaces;

/// <summary>Two instances on machines whose clocks differ: whatever depends on the time goes by the clock of Redis. In each test both
/// take both parts, so that it is the fast clock's turn and the slow one's.</summary>
public sealed class ClockDifferenceTests(ServersFixture servers)
{
    private const int ExpiryOffset = 4;
    private const int LoadTimeOffset = 20;

    private static readonly EntryOptions Calm = new() { TimeToLive = TimeSpan.FromMinutes(5), Jitter = 0, Beta = 0 };

    /// <summary>How many seconds the second instance is ahead.</summary>
    public static TheoryData<int> Differences => [2, -2, 900, -900];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Differences))]
    public async Task An_entry_lives_as_long_on_the_clock_of_Redis_whoever_has_stored_it(int seconds)
    {
        await using var race = await StartAsync(seconds);
        foreach (var (storing, reading) in Roles(race))
        {
            await Race.InvalidateKeyAsync(storing, null);
            var before = await RedisTimeAsync(race);
            await storing.Store.GetAsync(Race.Key, race.Load(), Calm, Cancellation);
            var header = await HeaderAsync(race);
            var after = await RedisTimeAsync(race);
            var left = await race.Redis.KeyTimeToLiveAsync(race.First.EntryName(Race.Key));

            Assert.InRange(header.CreatedAt, before, after);
            Assert.Equal(300_000, header.ExpiresAt - header.CreatedAt);
            Assert.InRange(left!.Value.TotalMilliseconds, 1, 300_000);
            Assert.Equal(0, await reading.Store.GetAsync(Race.Key, NoLoad, Calm, Cancellation));
        }
    }

    [Theory]
    [MemberData(nameof(Differences))]
    public async Task An_entry_is_served_until_its_expiry_on_the_clock_of_Redis_and_not_after_it(int seconds)
    {
        await using var race = await StartAsync(seconds);
        foreach (var (storing, reading) in Roles(race))
        {
            await Race.InvalidateKeyAsync(storing, null);
            await storing.Store.GetAsync(Race.Key, race.Load(), Calm, Cancellation);

            // Redis no longer enforces it: only the readers' own idea of the time does.
            await HeaderAsync(race);
            await race.Redis.KeyPersistAsync(race.First.EntryName(Race.Key));
            await SetExpiryAsync(race, await RedisTimeAsync(race) + 120_000);
            Assert.Equal(0, await storing.Store.GetAsync(Race.Key, NoLoad, Calm, Cancellation));
            Assert.Equal(0, await reading.Store.GetAsync(Race.Key, NoLoad, Calm, Cancellation));

            await SetExpiryAsync(race, await RedisTimeAsync(race) - 120_000);
            var load = new HeldLoad<int>(race.Load());
            load.LetReturn();
            Assert.Equal(0, await reading.Store.GetAsync(Race.Key, load.RunAsync, Calm, Cancellation));
            Assert.Equal(1, load.Runs);
        }
    }

    [Theory]
    [MemberData(nameof(Differences))]
    public async Task An_entry_far_from_its_expiry_is_refreshed_early_by_neither(int seconds)
    {
        var options = Calm with { Beta = 1 };
        await using var race = await StartAsync(seconds);
        foreach (var (storing, reading) in Roles(race))
        {
            await Race.InvalidateKeyAsync(storing, null);
            var load = new HeldLoad<int>(race.Load());
            load.LetReturn();
            await storing.Store.GetAsync(Race.Key, load.RunAsync, options, Cancellation);
            for (var read = 0; read < 50; read++)
            {
                await storing.Store.GetAsync(Race.Key, load.RunAsync, options, Cancellation);
                await reading.Store.GetAsync(Race.Key, load.RunAsync, options, Cancellation);
            }

            Assert.Equal(1, load.Runs);
        }
    }

    [Theory]
    [InlineData(900)]
    [InlineData(-900)]
    public async Task An_entry_close_to_its_expiry_is_refreshed_early_by_either(int seconds)
    {
        // With 20 s to live and a load time of a minute, two reads in three ask for a refresh. With 15 minutes more to live one in
        // four million would.
        var options = Calm with { TimeToLive = TimeSpan.FromSeconds(20), Beta = 1 };
        await using var race = await StartAsync(seconds);
        foreach (var (storing, reading) in Roles(race))
        {
            await Race.InvalidateKeyAsync(storing, null);
            await storing.Store.GetAsync(Race.Key, race.Load(), options, Cancellation);
            await SetLoadTimeAsync(race, TimeSpan.FromMinutes(1));
            var refresh = new HeldLoad<int>(race.Load());
            var reads = 0;
            await Eventually.HappensAsync(
                async () =>
                {
                    reads++;

                    // A miss would wait for the held load.
                    var read = reading.Store.GetAsync(Race.Key, refresh.RunAsync, options, Cancellation).AsTask();
                    Assert.Equal(0, await read.WaitAsync(options.TimeToLive!.Value, Cancellation));
                    return refresh.Begun.IsCompleted;
                },
                "a refresh begins");

            // Each of them took at least 10 ms: after 20 s a miss would have run the load.
            Assert.InRange(reads, 1, 1000);
            Assert.Equal(
                (0, "stored"), await new HeldRead(refresh, Task.FromResult(0), race.StoresOf(reading)).EndAsync());
        }
    }

    [Theory]
    [MemberData(nameof(Differences))]
    public async Task A_lease_of_one_keeps_the_other_waiting_until_the_entry_is_there(int seconds)
    {
        await using var race = await StartAsync(seconds, Patient);
        foreach (var (loading, waiting) in Roles(race))
        {
            await Race.InvalidateKeyAsync(loading, null);
            var load = new HeldLoad<int>(race.Load());
            var holder = loading.Store.GetAsync(Race.Key, load.RunAsync, cancellationToken: Cancellation).AsTask();
            await load.HasRead.WaitAsync(Cancellation);
            var ends = (long)await race.Redis.HashGetAsync(race.Guard, "e");
            Assert.InRange(ends - await RedisTimeAsync(race), 1, (long)new HybridStoreOptions().FenceTtl.TotalMilliseconds);
            var waiter = waiting.Store.GetAsync(Race.Key, load.RunAsync, cancellationToken: Cancellation).AsTask();
            await race.SettleAsync();

            load.LetReturn();

            Assert.All(await Task.WhenAll(holder, waiter), version => Assert.Equal(0, version));
            Assert.Equal(1, load.Runs);
        }
    }

    [Theory]
    [MemberData(nameof(Differences))]
    public async Task A_lease_that_has_ended_is_taken_over_and_the_older_load_is_not_stored(int seconds)
    {
        await using var race = await StartAsync(seconds, Patient);
        var version = 0;
        foreach (var (loading, taking) in Roles(race))
        {
            await Race.InvalidateKeyAsync(loading, null);
            var older = await race.HoldAsync(loading);
            await race.EndLeaseAsync();
            await race.CommitAsync(++version);
            await Race.InvalidateKeyAsync(taking, null);
            var younger = await race.HoldAsync(taking);

            Assert.Equal((version - 1, "refused_lease_lost"), await older.EndAsync());
            Assert.Equal((version, "stored"), await younger.EndAsync());
            await race.AssertReadersGetAsync(version);
        }
    }

    [Theory]
    [MemberData(nameof(Differences))]
    public async Task A_tag_invalidated_by_one_removes_what_the_other_has_stored_before_and_not_what_it_stores_after(int seconds)
    {
        await using var race = await StartAsync(seconds);
        var version = 0;
        foreach (var (storing, invalidating) in Roles(race))
        {
            foreach (var knowsXid in (bool[])[true, false])
            {
                await Race.InvalidateKeyAsync(storing, null);
                Assert.Equal(version, await race.ReadAsync(storing));
                Assert.Equal(version, await race.CachedAsync());
                var xid = await race.CommitAsync(++version);

                await Race.InvalidateTagAsync(invalidating, knowsXid ? xid : null);

                Assert.Null(await race.CachedAsync());
                Assert.Equal(version, await race.ReadAsync(storing));
                Assert.Equal(version, await race.CachedAsync());
                await race.AssertReadersGetAsync(version);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Differences))]
    public async Task A_load_that_the_tags_invalidation_overtakes_is_not_stored(int seconds)
    {
        await using var race = await StartAsync(seconds);
        var version = 0;
        foreach (var (loading, invalidating) in Roles(race))
        {
            foreach (var knowsXid in (bool[])[true, false])
            {
                await Race.InvalidateKeyAsync(loading, null);
                var read = await race.HoldAsync(loading);
                var xid = await race.CommitAsync(++version);
                await Race.InvalidateTagAsync(invalidating, knowsXid ? xid : null);

                Assert.Equal((version - 1, "refused_tag_fenced"), await read.EndAsync());
                await race.AssertReadersGetAsync(version);
            }
        }
    }

    [Theory]
    [InlineData(900)]
    [InlineData(-900)]
    public async Task A_clock_that_is_set_while_a_load_runs_changes_nothing(int seconds)
    {
        var clock = new ShiftedClock(TimeSpan.Zero);
        await using var race = await Race.StartAsync(servers.Servers, secondClock: clock);
        var stored = await race.HoldAsync(race.Second);
        clock.Set(TimeSpan.FromSeconds(seconds));
        Assert.Equal((0, "stored"), await stored.EndAsync());
        Assert.Equal(0, await race.First.Store.GetAsync(Race.Key, NoLoad, Calm, Cancellation));

        await Race.InvalidateKeyAsync(race.First, null);
        var refused = await race.HoldAsync(race.Second);
        await Race.InvalidateTagAsync(race.First, await race.CommitAsync(1));
        clock.Set(TimeSpan.FromSeconds(-seconds));

        Assert.Equal((0, "refused_tag_fenced"), await refused.EndAsync());
        await race.AssertReadersGetAsync(1);
    }

    private Task<Race> StartAsync(int seconds, Action<HybridStoreOptions>? configure = null) =>
        Race.StartAsync(servers.Servers, configure, new ShiftedClock(TimeSpan.FromSeconds(seconds)));

    private static (StoreHost, StoreHost)[] Roles(Race race) => [(race.First, race.Second), (race.Second, race.First)];

    // Nobody gives up waiting because the machine is busy.
    private static void Patient(HybridStoreOptions options)
    {
        options.LeaseWait = TimeSpan.FromMinutes(1);
        options.LeaseDuration = options.FenceTtl;
    }

    private static async Task<long> RedisTimeAsync(Race race)
    {
        var time = await race.Redis.Multiplexer.GetServers().Single().TimeAsync();
        return new DateTimeOffset(time, TimeSpan.Zero).ToUnixTimeMilliseconds();
    }

    private static async Task<EntryHeader> HeaderAsync(Race race)
    {
        await race.SettleAsync();
        byte[]? entry = await race.Redis.StringGetAsync(race.First.EntryName(Race.Key));
        Assert.True(EntryHeader.TryRead(entry, out var header), "There is no readable entry.");
        return header;
    }

    private static async Task SetExpiryAsync(Race race, long milliseconds)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, milliseconds);
        await race.Redis.StringSetRangeAsync(race.First.EntryName(Race.Key), ExpiryOffset, bytes);
    }

    private static async Task SetLoadTimeAsync(Race race, TimeSpan loadTime)
    {
        await race.SettleAsync();
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, (uint)loadTime.TotalMicroseconds);
        await race.Redis.StringSetRangeAsync(race.First.EntryName(Race.Key), LoadTimeOffset, bytes);
    }

    private static ValueTask<int> NoLoad(LoadContext context, CancellationToken token) =>
        throw new InvalidOperationException("The entry should have been there.");
}
