using HybridStore.Fencing;
using HybridStore.Redis;
using HybridStore.Servers;

namespace HybridStore.IntegrationTests.Fencing;

/// <summary>A PostgreSQL that is killed hands out again the ids that had not reached its disk. The stamps of the time before would see
/// writes that they do not reflect.</summary>
public sealed class DatabaseCrashTests(DatabaseCrashTests.OwnServers own) : IClassFixture<DatabaseCrashTests.OwnServers>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, false)]
    [InlineData(true, true)]
    [InlineData(false, true)]
    public async Task What_was_loaded_before_a_crash_does_not_survive_a_write_whose_id_was_handed_out_again(bool byTag, bool byStore)
    {
        await using var race = await StartAsync();

        await CrashAndWriteAsync(race, byTag, byStore);

        await AssertRecoversAsync(race);
    }

    [Fact]
    public async Task Without_the_mark_of_the_database_it_does()
    {
        Assert.NotEqual(RedisScript.Invalidate.For(serverKnowsFlags: true), CutScript.BootMark(RedisScript.Invalidate.For(serverKnowsFlags: true)));
        await using var race = await StartAsync(CutScript.BootMark);

        await CrashAndWriteAsync(race, byTag: false, byStore: true);

        Assert.Equal(0, await race.CachedAsync());
    }

    [Fact]
    public async Task A_load_of_the_time_before_is_not_stored_although_its_stamp_would_see_the_fence_of_its_tag()
    {
        await using var race = await StartAsync();
        var last = await HandOutIdsAsync(race);
        var read = await race.HoldAsync(race.First);
        await CrashAsync(race);
        while (await NextIdAsync(race) > last)
        {
            // The ids had reached the disk: once more, with nothing stored.
            await Race.InvalidateKeyAsync(race.Second, null);
            Assert.Equal("refused_lease_lost", (await read.EndAsync()).Stored);
            last = await HandOutIdsAsync(race);
            read = await race.HoldAsync(race.First);
            await CrashAsync(race);
        }

        var xid = await race.CommitAsync(1);
        Assert.True(xid <= last, $"The id {xid} was not handed out again after {last}.");
        await Race.InvalidateTagAsync(race.Second, xid);

        Assert.Equal((0, "refused_other_database"), await read.EndAsync());

        await AssertRecoversAsync(race);
    }

    [Fact]
    public async Task The_first_value_stored_after_a_crash_drops_what_was_loaded_before_it()
    {
        await using var race = await StartAsync();
        await race.ReadAsync(race.First);
        var before = race.First.Generation.Number;
        await CrashAsync(race);

        await race.First.Store.GetAsync("item:2", race.Load(item: 2), cancellationToken: Cancellation);
        await Resilience.Eventually.HappensAsync(() => race.First.Generation.Number > before, "the generation is raised");
        await race.First.Store.GetAsync("item:2", race.Load(item: 2), cancellationToken: Cancellation);
        await race.SettleAsync();

        Assert.Null(await race.CachedAsync());
        Assert.NotNull(await race.CachedAsync("item:2"));
    }

    [Fact]
    public async Task A_clean_restart_costs_nothing()
    {
        await using var race = await StartAsync();
        await race.ReadAsync(race.First);
        var before = race.First.Generation.Number;

        await own.Servers.Postgres.StopAsync(Cancellation);
        await own.Servers.Postgres.StartAsync(Cancellation);
        ForgetConnections(race);
        await race.First.Store.GetAsync("item:2", race.Load(item: 2), cancellationToken: Cancellation);
        await race.SettleAsync();

        Assert.Equal(0, await race.CachedAsync());
        Assert.NotNull(await race.CachedAsync("item:2"));
        Assert.Equal(before, race.First.Generation.Number);
    }

    /// <summary>An entry is loaded under a snapshot that is past many ids, the server forgets them, and hands out one of them again for a
    /// write that the entry does not reflect.</summary>
    private async Task CrashAndWriteAsync(Race race, bool byTag, bool byStore)
    {
        var stamp = await LoadAndCrashAsync(race);

        ulong xid;
        if (byStore)
        {
            var receipt = await race.Second.Store.WriteAsync(
                async (write, token) =>
                {
                    await write.ExecuteAsync("update item set version = 1 where id = 1", cancellationToken: token);
                    if (byTag)
                    {
                        write.InvalidateTag(Race.Tag);
                    }
                    else
                    {
                        write.Invalidate(Race.Key);
                    }
                },
                cancellationToken: Cancellation);
            Assert.Equal(InvalidationStatus.Applied, receipt.Status);
            xid = receipt.TransactionId!.Value;
        }
        else
        {
            xid = await race.CommitAsync(1);
            await (byTag ? Race.InvalidateTagAsync(race.Second, xid) : Race.InvalidateKeyAsync(race.Second, xid));
        }

        Assert.True(stamp.Sees(xid), $"The id {xid} was not handed out again after {stamp}.");
    }

    /// <summary>Caches an entry whose stamp is past ids that the crash takes back. The server's own log writer may have come in between and
    /// have made them last: then once more.</summary>
    private async Task<SnapshotStamp> LoadAndCrashAsync(Race race)
    {
        while (true)
        {
            await HandOutIdsAsync(race);
            await Resilience.Eventually.HappensAsync(
                async () => await race.ReadAsync(race.First) == 0 && await race.CachedAsync() == 0, "the entry is cached");
            var stamp = (await race.StampAsync())!;
            await CrashAsync(race);
            if (await NextIdAsync(race) < stamp.Xmax)
            {
                return stamp;
            }

            await Race.InvalidateKeyAsync(race.Second, null);
        }
    }

    private static async Task<ulong> NextIdAsync(Race race)
    {
        await using var command = race.First.DataSource.CreateCommand("select pg_snapshot_xmax(pg_current_snapshot())");
        return (ulong)(await command.ExecuteScalarAsync(Cancellation))!;
    }

    /// <summary>Nobody gets the old row; and once the first value of the time after has dropped what was there, the cache is of use
    /// again.</summary>
    private static async Task AssertRecoversAsync(Race race)
    {
        await Resilience.Eventually.HappensAsync(
            async () =>
            {
                Assert.Equal(1, await race.ReadAsync(race.First));
                Assert.Equal(1, await race.ReadAsync(race.Second));
                return await race.CachedAsync() == 1;
            },
            "the cache is of use again");
        await race.AssertReadersGetAsync(1);
    }

    private async Task CrashAsync(Race race)
    {
        await own.Servers.Postgres.KillAsync(Cancellation);
        await own.Servers.Postgres.StartAsync(Cancellation);
        ForgetConnections(race);
    }

    /// <summary>Transactions that come to nothing, and leave nothing on the disk.</summary>
    private static async Task<ulong> HandOutIdsAsync(Race race)
    {
        ulong last = 0;
        for (var id = 0; id < 50; id++)
        {
            await using var write = await race.BeginWriteAsync(99, item: 4);
            last = write.Xid;
        }

        return last;
    }

    /// <summary>Without a pool: a connection of the time before fails at its next use.</summary>
    private Task<Race> StartAsync(Func<string, string>? cut = null) => Race.StartAsync(own.Servers, options =>
    {
        options.PostgresConnectionString += ";Pooling=false";
        options.CutScript = cut;
    });

    private static void ForgetConnections(Race race)
    {
        race.First.DataSource.Clear();
        race.Second.DataSource.Clear();
    }

    /// <summary>Servers of this class alone, whose PostgreSQL writes its log to the disk only when somebody commits.</summary>
    public sealed class OwnServers : IAsyncLifetime
    {
        private TestServers? _servers;

        public TestServers Servers => _servers ?? throw new InvalidOperationException("The servers have not been started.");

        public async ValueTask InitializeAsync() => _servers = await TestServers.StartAsync(new TestServersOptions
        {
            Controllable = true,
            PostgresSettings = new Dictionary<string, string>
            {
                ["autovacuum"] = "off",
                ["wal_writer_delay"] = "10s",
                ["wal_writer_flush_after"] = "0",
                ["bgwriter_lru_maxpages"] = "0",
                ["checkpoint_timeout"] = "1h",
            },
        });

        public async ValueTask DisposeAsync()
        {
            if (_servers is not null)
            {
                await _servers.DisposeAsync();
            }
        }
    }
}
