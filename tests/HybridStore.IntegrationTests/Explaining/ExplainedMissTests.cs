using HybridStore.IntegrationTests.Fencing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace HybridStore.IntegrationTests.Explaining;

/// <summary>What is told about keys that are not there, and about what keeps loads from being stored.</summary>
public sealed class ExplainedMissTests(ServersFixture servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_key_that_was_never_stored_is_absent()
    {
        await using var host = await StoreHost.StartAsync(servers);

        var explanation = await host.Store.ExplainAsync("user:1", Cancellation);

        Assert.Equal(EntryVerdict.Absent, explanation.Verdict);
        Assert.Null(explanation.Entry);
        Assert.Null(explanation.Lease);
        Assert.Empty(explanation.Fences.Exact);
        Assert.Empty(explanation.Tags);
        Assert.True(explanation.AreTagsComplete);
        Assert.StartsWith("Absent:", explanation.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task After_an_invalidation_the_write_is_named_and_a_new_entry_is_said_to_reflect_it()
    {
        await using var race = await Race.StartAsync(servers);
        await race.ReadAsync(race.First);
        var xid = await race.CommitAsync(1);
        await Race.InvalidateKeyAsync(race.First, xid);

        var absent = await race.Second.Store.ExplainAsync(Race.Key, Cancellation);
        await race.ReadAsync(race.First);
        var hit = await race.Second.Store.ExplainAsync(Race.Key, Cancellation);

        Assert.Equal(EntryVerdict.Absent, absent.Verdict);
        Assert.Equal(new ExplainedFence(xid, IsBeforeCommit: false, IsSeen: null), Assert.Single(absent.Fences.Exact));
        Assert.Equal(xid, absent.Partition!.HighestTransactionId);
        Assert.NotNull(absent.Partition.Sequence);
        Assert.Equal(EntryVerdict.Hit, hit.Verdict);
        Assert.Equal(new ExplainedFence(xid, IsBeforeCommit: false, IsSeen: true), Assert.Single(hit.Fences.Exact));
    }

    [Fact]
    public async Task A_fence_of_a_write_that_has_not_committed_is_told_as_such_and_as_not_reflected()
    {
        await using var race = await Race.StartAsync(servers);
        await using var write = await race.BeginWriteAsync(1);
        await race.ReadAsync(race.First);
        await race.Redis.HashSetAsync(race.Guard, "m", "1");

        // As a write would that dies before its COMMIT: the entry is there all the same, by somebody who knows no fences.
        await race.Redis.HashSetAsync(race.Guard, write.Xid.ToString(System.Globalization.CultureInfo.InvariantCulture), "0");
        var explanation = await race.First.Store.ExplainAsync(Race.Key, Cancellation);

        Assert.Equal(new ExplainedFence(write.Xid, IsBeforeCommit: true, IsSeen: false), Assert.Single(explanation.Fences.Exact));
        Assert.Equal(1ul, explanation.Fences.Floor);
        Assert.True(explanation.Fences.IsFloorSeen);
        Assert.Contains("set before COMMIT (THE ENTRY MAY NOT REFLECT IT)", explanation.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_invalidations_of_its_tags_are_told()
    {
        await using var race = await Race.StartAsync(servers);
        var xid = await race.CommitAsync(1);
        await race.ReadAsync(race.First);
        await Race.InvalidateTagAsync(race.First, xid);

        var kept = await race.Second.Store.ExplainAsync(Race.Key, Cancellation);

        Assert.Equal(EntryVerdict.Hit, kept.Verdict);
        var tag = Assert.Single(kept.Tags);
        Assert.Equal(Race.Tag, tag.Tag);
        Assert.Equal(new ExplainedFence(xid, IsBeforeCommit: false, IsSeen: true), Assert.Single(tag.Fences.Exact));
        Assert.Equal(kept.Partition!.Sequence, tag.LastInvalidation);
        Assert.Null(tag.LastInvalidationWithoutWrite);

        await Race.InvalidateTagAsync(race.First, xid: null);
        Assert.Empty((await race.Second.Store.ExplainAsync(Race.Key, Cancellation)).Tags);
        await race.ReadAsync(race.First);
        tag = Assert.Single((await race.Second.Store.ExplainAsync(Race.Key, Cancellation)).Tags);
        Assert.Equal(tag.LastInvalidation, tag.LastInvalidationWithoutWrite);
    }

    [Fact]
    public async Task Fences_of_a_tag_that_are_past_their_time_are_not_told()
    {
        await using var race = await Race.StartAsync(servers);
        await Race.InvalidateTagAsync(race.First, await race.CommitAsync(1));
        await race.ReadAsync(race.First);
        await race.Redis.HashSetAsync(race.TagFences, "x", 1);

        var tag = Assert.Single((await race.First.Store.ExplainAsync(Race.Key, Cancellation)).Tags);

        Assert.Empty(tag.Fences.Exact);
        Assert.Null(tag.LastInvalidation);
    }

    [Fact]
    public async Task A_load_that_is_under_way_holds_the_lease()
    {
        await using var race = await Race.StartAsync(servers);
        var read = await race.HoldAsync(race.First);

        var loading = await race.Second.Store.ExplainAsync(Race.Key, Cancellation);
        await read.EndAsync();
        var loaded = await race.Second.Store.ExplainAsync(Race.Key, Cancellation);

        Assert.Equal(EntryVerdict.Absent, loading.Verdict);
        Assert.Contains("under way", loading.Reason, StringComparison.Ordinal);
        Assert.InRange(loading.Lease!.GrantedAt, loading.LookedAt!.Value.AddMinutes(-1), loading.LookedAt.Value);
        Assert.Equal(loading.Lease.GrantedAt + race.First.Root.Options.LeaseDuration, loading.Lease.EndsAt);
        Assert.Equal(EntryVerdict.Hit, loaded.Verdict);
        Assert.Null(loaded.Lease);
    }

    [Fact]
    public async Task A_generation_that_somebody_else_has_raised_is_the_one_that_a_read_would_go_to()
    {
        var time = new FakeTimeProvider();
        await using var first = await StoreHost.StartAsync(servers);
        await using var second = await StoreHost.StartAsync(
            servers, register: (services, _) => services.AddSingleton<TimeProvider>(time), besides: first);
        await first.Store.GetAsync("user:1", (_, _) => ValueTask.FromResult(1), cancellationToken: Cancellation);
        await first.Root.Redis!.Session!.Database.PingAsync();
        var old = second.Generation;
        await first.Store.FlushAsync(Cancellation);
        var state = first.Root.Redis.Session.Layout.State(0).ToString();
        await first.RedisAsync("HSET", state, $"o{old.Text}", DateTimeOffset.UtcNow.AddHours(1).ToUnixTimeMilliseconds().ToString(System.Globalization.CultureInfo.InvariantCulture));

        // The second has proof that has not ended, by its clock, and would read on.
        var proven = await second.Store.ExplainAsync("user:1", Cancellation);
        time.Advance(TimeSpan.FromSeconds(2));
        var unproven = await second.Store.ExplainAsync("user:1", Cancellation);

        Assert.Equal(EntryVerdict.Hit, proven.Verdict);
        Assert.NotNull(proven.Partition!.AgeOfProof);
        Assert.Equal(EntryVerdict.Absent, unproven.Verdict);
        Assert.Equal((string?)first.EntryName("user:1"), unproven.PhysicalName);
        Assert.Null(unproven.Partition!.AgeOfProof);
        Assert.Equal(old.Number, unproven.Partition.KnownGeneration);
        Assert.Equal(first.Generation.Number, unproven.Partition.RecordedGeneration);
        Assert.True(unproven.Partition.EarlierGenerations.ContainsKey(old.Number));
        Assert.Contains($"{old.Text} ends in", unproven.ToString(), StringComparison.Ordinal);

        // It only looked.
        Assert.Equal(old, second.Generation);
    }

    [Fact]
    public async Task Where_the_record_of_the_generation_is_lost_it_says_so_and_writes_none()
    {
        var time = new FakeTimeProvider();
        await using var host = await StoreHost.StartAsync(
            servers, register: (services, _) => services.AddSingleton<TimeProvider>(time));
        var state = host.Root.Redis!.Session!.Layout.State(0).ToString();
        await host.RedisAsync("DEL", state);
        time.Advance(TimeSpan.FromSeconds(2));

        var explanation = await host.Store.ExplainAsync("user:1", Cancellation);

        Assert.Equal(EntryVerdict.GenerationUnknown, explanation.Verdict);
        Assert.Null(explanation.Partition!.RecordedGeneration);
        Assert.Equal(0, (int)await host.RedisAsync("EXISTS", state));
    }

    [Fact]
    public async Task A_floor_under_everything_is_told_while_it_is_demanded()
    {
        await using var host = await StoreHost.StartAsync(servers);
        var state = host.Root.Redis!.Session!.Layout.State(0).ToString();
        await host.RedisAsync("HSET", state, "f", "77", "fe", "9999999999999");

        var demanded = (await host.Store.ExplainAsync("user:1", Cancellation)).Partition!;
        await host.RedisAsync("HSET", state, "fe", "1");
        var past = (await host.Store.ExplainAsync("user:1", Cancellation)).Partition!;

        Assert.Equal(77ul, demanded.Floor);
        Assert.Equal(9999999999999, demanded.FloorUntil!.Value.ToUnixTimeMilliseconds());
        Assert.Null(past.Floor);
        Assert.Null(past.FloorUntil);
    }
}
