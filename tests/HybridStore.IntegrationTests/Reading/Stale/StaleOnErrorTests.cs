using HybridStore.IntegrationTests.Telemetry;
using HybridStore.IntegrationTests.Tidying;
using Microsoft.Extensions.Logging;

namespace HybridStore.IntegrationTests.Reading.Stale;

/// <summary>What is kept past its expiry, how, and until when it is served when loads fail.</summary>
public sealed class StaleOnErrorTests(ServersFixture servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_expired_value_is_served_when_the_load_fails_and_replaced_when_it_does_not()
    {
        await using var entry = await ExpiredEntry.StartAsync(servers);

        Assert.Equal(1, await entry.ReadInVainAsync());

        var load = new HeldLoad();
        load.Return(2);
        Assert.Equal(2, await entry.ReadAsync(load));
        await entry.Raw.SettleAsync();
        Assert.Equal(2, await entry.ReadInVainAsync());
        Assert.Equal(1, load.Runs);
    }

    [Fact]
    public async Task Without_StaleOnError_the_failure_is_the_callers()
    {
        await using var entry = await ExpiredEntry.StartAsync(servers);

        var options = new EntryOptions { Beta = 0 };
        await Assert.ThrowsAsync<DatabaseAwayException>(() => entry.ReadInVainAsync(options: options));
    }

    [Fact]
    public async Task An_entry_is_kept_so_much_longer_than_its_header_says_and_as_long_in_its_tag_sets()
    {
        await using var entry = await ExpiredEntry.StartAsync(servers);
        await entry.Store.InvalidateKeyAsync(ExpiredEntry.Key, Cancellation);
        await entry.StoreAsync();

        var header = await entry.Raw.HeaderAsync(ExpiredEntry.Key);

        Assert.Equal(TimeSpan.FromHours(2).TotalMilliseconds, header.ExpiresAt - header.CreatedAt);
        Assert.InRange(
            (await entry.Raw.TimeToLiveAsync(ExpiredEntry.Key))!.Value, TimeSpan.FromHours(2.99), TimeSpan.FromHours(3));
        Assert.Equal(
            header.ExpiresAt + TimeSpan.FromHours(1).TotalMilliseconds,
            await entry.Raw.Database.SortedSetScoreAsync(entry.Raw.TagSet(0, ExpiredEntry.Tag), ExpiredEntry.Key));
    }

    [Fact]
    public async Task A_null_is_not_kept()
    {
        await using var entry = await ExpiredEntry.StartAsync(servers);
        var options = ExpiredEntry.Options with { NegativeTimeToLive = TimeSpan.FromMinutes(1) };

        await entry.Store.GetAsync<string?>("missing", (_, _) => ValueTask.FromResult<string?>(null), options, Cancellation);

        Assert.InRange((await entry.Raw.TimeToLiveAsync("missing"))!.Value, TimeSpan.Zero, TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task What_a_write_stores_is_kept_as_well()
    {
        await using var entry = await ExpiredEntry.StartAsync(servers);
        await entry.Host.ExecuteAsync("create table item (id int)");

        await entry.Store.WriteAsync(
            async (write, token) =>
            {
                await write.ExecuteAsync("insert into item values (1)", cancellationToken: token);
                write.Set("written", 7, ExpiredEntry.Options);
            },
            new WriteOptions { WriteThrough = ["written"] },
            Cancellation);

        var header = await entry.Raw.HeaderAsync("written");
        Assert.Equal(TimeSpan.FromHours(2).TotalMilliseconds, header.ExpiresAt - header.CreatedAt);
        Assert.InRange((await entry.Raw.TimeToLiveAsync("written"))!.Value, TimeSpan.FromHours(2.99), TimeSpan.FromHours(3));
    }

    [Fact]
    public async Task A_value_just_past_its_time_to_live_is_loaded_and_no_longer_a_hit()
    {
        await using var entry = await ExpiredEntry.StartAsync(servers);
        var load = new HeldLoad();
        load.Return(2);

        // Where Redis itself ends what has expired, some lateness is tolerated; here nobody else does.
        await entry.ExpireAsync(TimeSpan.FromMilliseconds(500));
        Assert.Equal(2, await entry.ReadAsync(load));
        await entry.Raw.SettleAsync();
        Assert.Equal(2, await entry.ReadAsync(load));
        Assert.Equal(1, load.Runs);
    }

    [Fact]
    public async Task The_deadline_stands_however_often_loads_fail()
    {
        await using var entry = await ExpiredEntry.StartAsync(servers);
        var before = await entry.Raw.EntryAsync(ExpiredEntry.Key);
        var keptFor = await entry.Raw.TimeToLiveAsync(ExpiredEntry.Key);
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(1, await entry.ReadInVainAsync());
        }

        Assert.Equal(before, await entry.Raw.EntryAsync(ExpiredEntry.Key));
        Assert.True(await entry.Raw.TimeToLiveAsync(ExpiredEntry.Key) <= keptFor);

        // Also where Redis has not removed it.
        await entry.ExpireAsync(TimeSpan.FromHours(1) + TimeSpan.FromMilliseconds(100));
        await entry.AssertFailsAsync();
    }

    [Fact]
    public async Task All_who_share_a_load_that_fails_get_the_value()
    {
        await using var entry = await ExpiredEntry.StartAsync(servers);
        var load = new HeldLoad();
        var reads = Enumerable.Range(0, 10).Select(_ => entry.ReadAsync(load)).ToList();
        await load.Started;

        load.Fail();

        Assert.All(await Task.WhenAll(reads), value => Assert.Equal(1, value));
    }

    [Fact]
    public async Task What_somebody_else_has_stored_meanwhile_is_served_in_its_place()
    {
        await using var entry = await ExpiredEntry.StartAsync(servers);
        using var meter = new RecordedMeter(entry.Host);
        var load = new HeldLoad();
        var read = entry.ReadAsync(load);
        await load.Started;

        await entry.ExpireAsync(-TimeSpan.FromHours(1));
        load.Fail();

        Assert.Equal(1, await read);
        Assert.Empty(meter.Of("hybridstore.reads.stale"));
    }

    [Fact]
    public async Task It_is_measured_traced_and_told_without_a_key_and_not_each_time()
    {
        await using var entry = await ExpiredEntry.StartAsync(servers);
        using var meter = new RecordedMeter(entry.Host);
        using var spans = new RecordedSpans();

        await entry.ReadInVainAsync();
        await entry.ReadInVainAsync();

        Assert.Equal(["failed", "failed"], meter.TagsOf("hybridstore.reads.stale", "hybridstore.reason"));
        Assert.Equal(["default", "default"], meter.TagsOf("hybridstore.reads.stale", "hybridstore.policy"));
        Assert.Equal(["miss", "miss"], meter.TagsOf("hybridstore.reads", "hybridstore.outcome"));
        Assert.Equal(["stale", "stale"], meter.TagsOf("hybridstore.read.duration", "hybridstore.outcome"));
        Assert.Equal(["expired", "expired"], meter.TagsOf("hybridstore.misses", "hybridstore.cause"));
        Assert.All(
            spans.Trace.Where(span => span.OperationName == "hybridstore.read"),
            span => Assert.Equal("stale", span.GetTagItem("hybridstore.outcome")));
        var log = Assert.Single(entry.Host.Logs.GetSnapshot(), log => log.Id.Id == 2300);
        Assert.Equal(LogLevel.Warning, log.Level);
        Assert.Contains(nameof(DatabaseAwayException), log.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(ExpiredEntry.Key, log.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_explanation_tells_that_it_is_expired_and_kept()
    {
        await using var entry = await ExpiredEntry.StartAsync(servers);

        var explanation = await entry.Store.ExplainAsync(ExpiredEntry.Key, Cancellation);

        Assert.Equal(EntryVerdict.Expired, explanation.Verdict);
        Assert.Contains("kept for StaleOnError", explanation.Reason, StringComparison.Ordinal);
        Assert.NotNull(explanation.Entry?.TimeToLive);
        Assert.True(explanation.Entry.ExpiresAt < explanation.LookedAt);
    }

    [Fact]
    public async Task The_janitor_and_other_stores_of_a_tag_leave_it_findable_until_it_is_gone()
    {
        await using var tidy = await TidyHost.StartAsync(servers);
        await using var entry = await ExpiredEntry.OfAsync(tidy.Host, servers.Redis);
        var brief = ExpiredEntry.Options with { TimeToLive = TimeSpan.FromMilliseconds(50) };
        ValueTask<int> StoreAsync(string key) => entry.Store.GetAsync(
            key,
            (context, _) =>
            {
                context.AddTag(ExpiredEntry.Tag);
                return ValueTask.FromResult(1);
            },
            brief,
            Cancellation);
        await StoreAsync("brief");
        var header = await entry.Raw.HeaderAsync("brief");
        await Resilience.Eventually.HappensAsync(async () => await entry.NowAsync() > header.ExpiresAt, "its time to live is over");

        await tidy.RunAsync();
        await StoreAsync("other");
        Assert.Equal(1, await entry.Store.GetAsync<int>("brief", (_, _) => throw new DatabaseAwayException(), brief, Cancellation));
        await entry.Store.InvalidateTagAsync(ExpiredEntry.Tag, Cancellation);

        Assert.False(await entry.Raw.HasEntryAsync("brief"));
        Assert.False(await entry.Raw.HasEntryAsync(ExpiredEntry.Key));
    }
}
