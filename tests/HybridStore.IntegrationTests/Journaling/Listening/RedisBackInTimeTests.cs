using HybridStore.Fencing;
using HybridStore.IntegrationTests.Resilience;
using HybridStore.Servers;

namespace HybridStore.IntegrationTests.Journaling.Listening;

/// <summary>Redis goes back in time, as it does when a replica is promoted that has not heard of everything, or a snapshot is restored.</summary>
public sealed class RedisBackInTimeTests(ServersFixture servers)
{
    private static readonly ReadOptions Bounded = new() { MaxStaleness = TimeSpan.FromSeconds(10) };

    [Fact]
    public async Task Entries_that_come_back_are_invalidated_again()
    {
        await using var journal = await JournalHost.StartAsync(servers);
        await journal.ReadAsync(1);
        await journal.ReadAsync(2);
        await journal.SettleAsync();
        var before = await RedisMemory.OfAsync(journal.Redis, journal.Host.Prefix);
        await journal.ExecuteAsync("update item set value = 1 where id = 1");
        await journal.SettleAsync();
        Assert.Equal(1, await journal.ReadAsync(1));

        await before.RestoreAsync(journal.Redis);
        await journal.SettleAsync();

        Assert.Equal((1, 0), (await journal.ReadAsync(1), await journal.ReadAsync(2)));
        Assert.Equal(4, journal.Loads);
    }

    [Fact]
    public async Task A_mark_is_not_written_where_what_was_applied_before_it_is_lost()
    {
        await using var journal = await JournalHost.StartAsync(servers, options => options.Protocol = new Barrier().Protocol);
        await LoseWhatIsAppliedAsync(journal);

        Assert.Equal(1, await journal.ReadAsync(1));
    }

    [Fact]
    public async Task Without_the_count_of_the_calls_the_mark_alone_would_not_notice()
    {
        await using var journal = await JournalHost.StartAsync(servers, options =>
        {
            options.Protocol = new Barrier().Protocol;
            options.CutScript = text => text.Replace("or state[3] ~= ARGV[2]", "", StringComparison.Ordinal);
        });
        await LoseWhatIsAppliedAsync(journal);

        Assert.Equal(0, await journal.ReadAsync(1));
    }

    [Fact]
    public async Task Entries_that_come_back_are_never_served_to_who_asks_for_a_bound()
    {
        var barrier = new Barrier();
        await using var journal = await JournalHost.StartAsync(servers, options => options.Protocol = barrier.Protocol);
        await journal.ReadAsync(1);
        await journal.SettleAsync();
        var before = await RedisMemory.OfAsync(journal.Redis, journal.Host.Prefix);
        await journal.ExecuteAsync("update item set value = 1 where id = 1");
        await journal.SettleAsync();
        var changedBy = (await journal.MarkAsync())!;
        var reached = barrier.Close(ProtocolStep.Mark);
        await reached;

        // The old leader's session ends with it, and nobody replays for a while.
        await before.RestoreAsync(journal.Redis);
        var old = (await journal.MarkAsync())!;
        Assert.True(old.PostgresTime < changedBy.PostgresTime);
        var age = TimeSpan.FromMicroseconds(await journal.PostgresTimeAsync() - changedBy.PostgresTime);
        Assert.Equal(0, await journal.ReadAsync(1));
        Assert.Equal(1, await journal.ReadAsync(1, new ReadOptions { MaxStaleness = age }));
        barrier.Open(ProtocolStep.Mark);
        await journal.SettleAsync();

        Assert.Equal(1, await journal.ReadAsync(1, Bounded));
    }

    [Fact]
    public async Task Further_back_than_the_journal_goes_the_whole_cache_is_emptied()
    {
        await using var journal = await JournalHost.StartAsync(servers);
        await journal.ReadAsync(1);
        await journal.SettleAsync();
        var before = await RedisMemory.OfAsync(journal.Redis, journal.Host.Prefix);
        await journal.ExecuteAsync("update item set value = 1 where id = 1");
        await journal.SettleAsync();
        var generation = journal.Host.Generation.Number;
        await journal.ExecuteAsync(
            "delete from hybridstore.journal; update hybridstore.state set purged_below = pg_current_xact_id()");

        await before.RestoreAsync(journal.Redis);
        await journal.SettleAsync();

        Assert.Equal(1, await journal.ReadAsync(1));
        Assert.True(journal.Host.Generation.Number > generation);
    }

    [Fact]
    public async Task A_mark_that_is_gone_alone_says_nothing_so_the_whole_cache_is_emptied()
    {
        await using var journal = await JournalHost.StartAsync(servers);
        await journal.ReadAsync(1);
        await journal.SettleAsync();
        var generation = journal.Host.Generation.Number;

        await journal.Host.RedisAsync("DEL", journal.Host.Root.Redis!.Session!.Layout.Mark(0).ToString());
        await Eventually.HappensAsync(
            async () =>
            {
                await journal.ReadAsync(2);
                return journal.Host.Generation.Number > generation;
            },
            "the generation is raised");
        await journal.SettleAsync();
        Assert.Equal(0, await journal.ReadAsync(1));
    }

    /// <summary>A change is applied, acknowledged, and not yet marked when the replica takes over, which has heard of the mark before and of no
    /// more.</summary>
    private static async Task LoseWhatIsAppliedAsync(JournalHost journal)
    {
        await journal.ReadAsync(1);
        await journal.SettleAsync();
        var applies = journal.Barrier.Close(ProtocolStep.ApplyJournal);
        await journal.ExecuteAsync("update item set value = 1 where id = 1");
        await applies;
        var before = await RedisMemory.OfAsync(journal.Redis, journal.Host.Prefix);

        var marks = journal.Barrier.Close(ProtocolStep.Mark);
        journal.Barrier.Open(ProtocolStep.ApplyJournal);
        await marks;
        Assert.False(await journal.IsCachedAsync(1));
        await before.RestoreAsync(journal.Redis);
        Assert.True(await journal.IsCachedAsync(1));
        journal.Barrier.Open(ProtocolStep.Mark);
        await journal.SettleAsync();
    }
}
