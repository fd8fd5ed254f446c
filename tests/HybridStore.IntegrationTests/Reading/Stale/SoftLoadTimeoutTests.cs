using HybridStore.IntegrationTests.Resilience;
using HybridStore.IntegrationTests.Telemetry;

namespace HybridStore.IntegrationTests.Reading.Stale;

/// <summary>Callers who take the expired value while the load goes on.</summary>
public sealed class SoftLoadTimeoutTests(ServersFixture servers)
{
    // Soon over: the loads here end when the test says.
    private static readonly TimeSpan Brief = TimeSpan.FromMilliseconds(20);

    private static readonly EntryOptions Soft = ExpiredEntry.Options with { SoftLoadTimeout = Brief };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_caller_gets_the_expired_value_and_the_load_is_stored_when_it_ends()
    {
        await using var entry = await ExpiredEntry.StartAsync(servers);
        using var meter = new RecordedMeter(entry.Host);
        var load = new HeldLoad();

        Assert.Equal(1, await entry.ReadAsync(load, Soft));

        Assert.Equal(["slow"], meter.TagsOf("hybridstore.reads.stale", "hybridstore.reason"));
        Assert.False(load.Abandoned.IsCompleted);
        load.Return(2);
        await HoldsAsync(entry, 2);
        Assert.Equal(1, load.Runs);
    }

    [Fact]
    public async Task The_load_goes_on_when_the_caller_is_cancelled_after_it_has_got_the_value()
    {
        await using var entry = await ExpiredEntry.StartAsync(servers);
        using var leaving = new CancellationTokenSource();
        var load = new HeldLoad();
        Assert.Equal(1, await entry.ReadAsync(load, Soft, leaving.Token));

        await leaving.CancelAsync();

        Assert.False(load.Abandoned.IsCompleted);
        load.Return(2);
        await HoldsAsync(entry, 2);
    }

    [Fact]
    public async Task Who_comes_while_the_load_goes_on_gets_the_expired_value_too_and_starts_no_other()
    {
        await using var entry = await ExpiredEntry.StartAsync(servers);
        var load = new HeldLoad();
        Assert.Equal(1, await entry.ReadAsync(load, Soft));

        Assert.All(
            await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => entry.ReadAsync(load, Soft))), value => Assert.Equal(1, value));

        Assert.Equal(1, load.Runs);
        load.Return(2);
        await HoldsAsync(entry, 2);
    }

    [Fact]
    public async Task Where_the_expired_value_was_invalidated_meanwhile_the_caller_goes_on_waiting()
    {
        await using var entry = await ExpiredEntry.StartInStoppedTimeAsync(servers);
        using var meter = new RecordedMeter(entry.Host);
        var load = new HeldLoad();
        var read = entry.ReadAsync(load, Soft);
        await load.Started;
        await entry.Store.InvalidateKeyAsync(ExpiredEntry.Key, Cancellation);
        var readsBefore = Reads();

        await entry.PassUntilAsync(Brief, () => Reads() > readsBefore, "Redis is asked for the expired value");

        Assert.False(read.IsCompleted);
        load.Return(2);
        Assert.Equal(2, await read);
        Assert.Empty(meter.Of("hybridstore.reads.stale"));

        int Reads() => meter.TagsOf("hybridstore.redis.duration", "hybridstore.operation").Count(operation => operation == "read");
    }

    [Fact]
    public async Task A_cold_read_waits_for_its_load()
    {
        await using var entry = await ExpiredEntry.StartAsync(servers);
        await entry.Store.InvalidateKeyAsync(ExpiredEntry.Key, Cancellation);
        using var meter = new RecordedMeter(entry.Host);
        var load = new HeldLoad();
        var read = entry.ReadAsync(load, Soft);
        await load.Started;

        load.Return(2);

        Assert.Equal(2, await read);
        Assert.Empty(meter.Of("hybridstore.reads.stale"));
    }

    [Fact]
    public async Task The_hard_time_out_ends_a_load_that_nobody_waits_for_any_more()
    {
        await using var entry = await ExpiredEntry.StartInStoppedTimeAsync(servers);
        var load = new HeldLoad();
        var read = entry.ReadAsync(load, Soft with { HardLoadTimeout = TimeSpan.FromSeconds(10) });
        await load.Started;
        await entry.PassUntilAsync(Brief, () => read.IsCompleted, "the caller gets the expired value");
        Assert.Equal(1, await read);
        Assert.False(load.Abandoned.IsCompleted);

        entry.Time.Advance(TimeSpan.FromSeconds(10));

        await load.Abandoned.WaitAsync(Cancellation);
        await Eventually.HappensAsync(() => entry.Host.Logs.GetSnapshot().Any(log => log.Id.Id == 2301), "it is told");
        Assert.Equal(1, await entry.ReadInVainAsync());
    }

    [Fact]
    public async Task A_failure_behind_a_caller_is_told_and_leaves_the_entry_alone()
    {
        await using var entry = await ExpiredEntry.StartAsync(servers);
        var load = new HeldLoad();
        Assert.Equal(1, await entry.ReadAsync(load, Soft));

        load.Fail();

        await Eventually.HappensAsync(() => entry.Host.Logs.GetSnapshot().Any(log => log.Id.Id == 2301), "it is told");
        Assert.Equal(1, await entry.ReadInVainAsync());
    }

    [Fact]
    public async Task Who_waits_for_a_load_that_fails_behind_its_own_caller_runs_one_of_its_own()
    {
        await using var entry = await ExpiredEntry.StartInStoppedTimeAsync(servers);
        var (load, own) = (new HeldLoad(), new HeldLoad());
        var early = entry.ReadAsync(load, Soft);
        await load.Started;
        await entry.PassUntilAsync(Brief, () => early.IsCompleted, "the caller gets the expired value");
        var waiting = entry.ReadAsync(own, ExpiredEntry.Options with { StaleOnError = null });
        await entry.Gate.Joined.WaitAsync(Cancellation);

        load.Fail();
        own.Return(3);

        Assert.Equal(3, await waiting);
    }

    [Fact]
    public async Task A_load_that_works_with_what_is_its_callers_has_ended_when_the_caller_goes_on()
    {
        await using var entry = await ExpiredEntry.StartInStoppedTimeAsync(servers);
        var load = new HeldLoad();
        var read = ReadBoundAsync(entry, load, Soft);
        await load.Started;

        await entry.PassUntilAsync(Brief, () => read.IsCompleted, "the caller gets the expired value");

        Assert.Equal(1, await read);
        Assert.True(load.Abandoned.IsCompleted);
        var next = new HeldLoad();
        next.Return(2);
        Assert.Equal(2, await entry.ReadAsync(next));
    }

    [Fact]
    public async Task It_has_ended_also_where_others_wait_for_it_and_they_run_their_own()
    {
        await using var entry = await ExpiredEntry.StartInStoppedTimeAsync(servers);
        var (load, own) = (new HeldLoad(), new HeldLoad());
        own.Return(3);
        var early = ReadBoundAsync(entry, load, Soft);
        await load.Started;
        var waiting = ReadBoundAsync(entry, own, ExpiredEntry.Options);
        await entry.Gate.Joined.WaitAsync(Cancellation);

        await entry.PassUntilAsync(Brief, () => early.IsCompleted, "the caller gets the expired value");

        Assert.Equal(1, await early);
        Assert.True(load.Abandoned.IsCompleted);
        Assert.Equal(3, await waiting);
    }

    [Fact]
    public async Task Who_has_joined_such_a_load_leaves_it_alone()
    {
        await using var entry = await ExpiredEntry.StartAsync(servers);
        var (load, own) = (new HeldLoad(), new HeldLoad());
        var patient = ReadBoundAsync(entry, load, ExpiredEntry.Options);
        await load.Started;

        Assert.Equal(1, await ReadBoundAsync(entry, own, Soft));

        Assert.False(load.Abandoned.IsCompleted);
        load.Return(2);
        Assert.Equal(2, await patient);
        Assert.Equal(0, own.Runs);
    }

    private static Task<int> ReadBoundAsync(ExpiredEntry entry, HeldLoad load, EntryOptions options) =>
        entry.Store.GetAsync(ExpiredEntry.Key, new Func<CancellationToken, Task<int>>(load.RunAsync), options, Cancellation).AsTask();

    /// <summary>What goes on behind a caller has been stored.</summary>
    private static Task HoldsAsync(ExpiredEntry entry, int value) => Eventually.HappensAsync(
        async () => await entry.ReadInVainAsync() == value, "the value is stored");
}
