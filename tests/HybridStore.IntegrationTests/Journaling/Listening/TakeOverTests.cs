using HybridStore.Fencing;
using HybridStore.IntegrationTests.Resilience;

namespace HybridStore.IntegrationTests.Journaling.Listening;

/// <summary>One instance leads; whatever becomes of it, another takes over and nothing is lost.</summary>
public sealed class TakeOverTests(ServersFixture servers)
{
    [Fact]
    public async Task Of_several_instances_one_leads_and_another_takes_over_when_it_stops()
    {
        var first = await JournalHost.StartAsync(servers);
        await using var other = await JournalHost.StartAsync(servers, besides: first);
        await first.ReadAsync(1);
        await first.SettleAsync();
        Assert.False(other.IsLeading);

        await first.DisposeAsync();
        await other.ExecuteAsync("update item set value = 1 where id = 1");
        await other.SettleAsync();

        Assert.True(other.IsLeading);
        Assert.Equal(1, await other.ReadAsync(1));
    }

    [Fact]
    public async Task A_leader_that_loses_its_session_goes_on_with_what_it_missed()
    {
        await using var journal = await JournalHost.StartAsync(servers);
        await journal.ReadAsync(1);
        await journal.SettleAsync();

        await journal.TerminateListenersAsync();
        await journal.ExecuteAsync("update item set value = 1 where id = 1");
        await journal.SettleAsync();

        Assert.Equal(1, await journal.ReadAsync(1));
    }

    [Fact]
    public async Task A_leader_that_dies_between_reading_and_applying_is_followed_by_one_that_applies()
    {
        var barrier = new Barrier();
        await using var first = await JournalHost.StartAsync(servers, options => options.Protocol = barrier.Protocol);
        await first.ReadAsync(1);
        await using var other = await JournalHost.StartAsync(servers, besides: first);
        var reached = barrier.Close(ProtocolStep.ApplyJournal);
        await first.ExecuteAsync("update item set value = 1 where id = 1");
        await reached;

        await first.TerminateListenersAsync();
        await other.LeadsAsync();
        await other.SettleAsync();

        Assert.Equal(1, await other.ReadAsync(1));
        barrier.Open(ProtocolStep.ApplyJournal);
        await other.ExecuteAsync("update item set value = 2 where id = 1");
        await other.SettleAsync();
        Assert.Equal(2, await other.ReadAsync(1));
    }

    [Fact]
    public async Task A_leader_that_stands_still_is_thrown_out_and_does_no_harm_when_it_goes_on()
    {
        var barrier = new Barrier();
        await using var first = await JournalHost.StartAsync(servers, options => options.Protocol = barrier.Protocol);
        var reached = barrier.Close(ProtocolStep.Mark);
        await reached;
        await using var other = await JournalHost.StartAsync(servers, besides: first);

        // Nobody ends its session but PostgreSQL itself.
        await other.LeadsAsync();
        await other.SettleAsync();
        await other.ReadAsync(1);
        await other.ExecuteAsync("update item set value = 1 where id = 1");
        await other.SettleAsync();
        var mark = await other.MarkAsync();
        barrier.Open(ProtocolStep.Mark);
        await Eventually.HappensAsync(() => !first.IsLeading, "the first leader notices");

        Assert.True((await other.MarkAsync())!.PostgresTime >= mark!.PostgresTime);
        Assert.Equal(1, await other.ReadAsync(1));
    }

    [Fact]
    public async Task A_leader_that_is_deposed_in_redis_claims_the_partition_again()
    {
        await using var journal = await JournalHost.StartAsync(servers);
        await journal.ReadAsync(1);
        await journal.SettleAsync();
        var state = journal.Host.Root.Redis!.Session!.Layout.State(0);

        await journal.Host.RedisAsync("HSET", state.ToString(), "l", "somebody");
        await journal.ExecuteAsync("update item set value = 1 where id = 1");
        await journal.SettleAsync();

        Assert.Equal(1, await journal.ReadAsync(1));
    }
}
