using HybridStore.IntegrationTests.Telemetry;

namespace HybridStore.IntegrationTests.Reading.Stale;

/// <summary>Callers who do not wait for ever.</summary>
public sealed class HardLoadTimeoutTests(ServersFixture servers)
{
    private static readonly TimeSpan Brief = TimeSpan.FromMilliseconds(50);

    private static readonly EntryOptions Hard = new() { Beta = 0, HardLoadTimeout = Brief };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_caller_who_waits_alone_gets_an_exception_and_its_load_is_cancelled()
    {
        await using var entry = await ExpiredEntry.StartInStoppedTimeAsync(servers);
        var load = new HeldLoad();
        var read = entry.ReadAsync(load, Hard);
        await load.Started;

        entry.Time.Advance(Brief);

        var thrown = await Assert.ThrowsAsync<HybridStoreLoadTimeoutException>(() => read);
        Assert.Equal(Brief, thrown.Timeout);
        Assert.Contains("HardLoadTimeout (00:00:00.0500000)", thrown.Message, StringComparison.Ordinal);
        await load.Abandoned.WaitAsync(Cancellation);
        var next = new HeldLoad();
        next.Return(2);
        Assert.Equal(2, await entry.ReadAsync(next, Hard with { HardLoadTimeout = TimeSpan.FromMinutes(1) }));
    }

    [Fact]
    public async Task A_caller_for_whom_an_expired_value_is_kept_gets_that()
    {
        await using var entry = await ExpiredEntry.StartInStoppedTimeAsync(servers);
        using var meter = new RecordedMeter(entry.Host);
        var load = new HeldLoad();
        var read = entry.ReadAsync(load, ExpiredEntry.Options with { HardLoadTimeout = Brief });
        await load.Started;

        entry.Time.Advance(Brief);

        Assert.Equal(1, await read);
        Assert.Equal(["timed_out"], meter.TagsOf("hybridstore.reads.stale", "hybridstore.reason"));
        await load.Abandoned.WaitAsync(Cancellation);
    }

    [Fact]
    public async Task A_load_that_another_caller_has_started_goes_on()
    {
        await using var entry = await ExpiredEntry.StartAsync(servers);
        var load = new HeldLoad();
        var patient = entry.ReadAsync(load, new EntryOptions { Beta = 0 });
        await load.Started;

        await Assert.ThrowsAsync<HybridStoreLoadTimeoutException>(() => entry.ReadAsync(load, Hard));

        Assert.False(load.Abandoned.IsCompleted);
        load.Return(2);
        Assert.Equal(2, await patient);
        Assert.Equal(1, load.Runs);
    }

    [Fact]
    public async Task A_load_that_others_wait_for_goes_on_without_who_has_started_it()
    {
        await using var entry = await ExpiredEntry.StartInStoppedTimeAsync(servers);
        var load = new HeldLoad();
        var starter = entry.ReadAsync(load, Hard);
        await load.Started;
        var patient = entry.ReadAsync(load, new EntryOptions { Beta = 0 });
        await entry.Gate.Joined.WaitAsync(Cancellation);

        entry.Time.Advance(Brief);

        await Assert.ThrowsAsync<HybridStoreLoadTimeoutException>(() => starter);
        Assert.False(load.Abandoned.IsCompleted);
        load.Return(2);
        Assert.Equal(2, await patient);
        Assert.Equal(1, load.Runs);
    }

    [Fact]
    public async Task The_wait_for_a_lease_counts()
    {
        await using var entry = await ExpiredEntry.StartAsync(servers, options => options.LeaseWait = TimeSpan.FromMinutes(1));
        await using var other = await StoreHost.StartAsync(servers, besides: entry.Host);
        var (load, own) = (new HeldLoad(), new HeldLoad());
        var loading = other.Store.GetAsync("cold", load.RunAsync, cancellationToken: Cancellation).AsTask();
        await load.Started;

        await Assert.ThrowsAsync<HybridStoreLoadTimeoutException>(
            async () => await entry.Store.GetAsync("cold", own.RunAsync, Hard, Cancellation));

        Assert.Equal(0, own.Runs);
        load.Return(2);
        Assert.Equal(2, await loading);
    }

    [Fact]
    public async Task A_load_past_the_cache_is_bounded_too()
    {
        await using var entry = await ExpiredEntry.StartAsync(servers);
        var (never, skipped) = (new HeldLoad(), new HeldLoad());

        await Assert.ThrowsAsync<HybridStoreLoadTimeoutException>(() => entry.ReadAsync(never, Hard with { DoNotCache = true }));
        await Assert.ThrowsAsync<HybridStoreLoadTimeoutException>(async () => await entry.Store
            .With(new ReadOptions { SkipCache = true }).GetAsync(ExpiredEntry.Key, skipped.RunAsync, Hard, Cancellation));

        // They have ended before their callers went on.
        Assert.True(never.Abandoned.IsCompleted && skipped.Abandoned.IsCompleted);
    }

    [Fact]
    public async Task A_load_that_works_with_what_is_its_callers_has_ended_when_the_caller_goes_on()
    {
        await using var entry = await ExpiredEntry.StartInStoppedTimeAsync(servers);
        var (load, own) = (new HeldLoad(), new HeldLoad());
        own.Return(3);
        var read = entry.Store.GetAsync(
            ExpiredEntry.Key, new Func<CancellationToken, Task<int>>(load.RunAsync), Hard, Cancellation).AsTask();
        await load.Started;
        var patient = entry.ReadAsync(own, new EntryOptions { Beta = 0 });
        await entry.Gate.Joined.WaitAsync(Cancellation);

        entry.Time.Advance(Brief);

        await Assert.ThrowsAsync<HybridStoreLoadTimeoutException>(() => read);
        Assert.True(load.Abandoned.IsCompleted);
        Assert.Equal(3, await patient);
    }

    [Fact]
    public async Task A_caller_that_is_cancelled_first_hears_of_that()
    {
        await using var entry = await ExpiredEntry.StartAsync(servers);
        using var leaving = new CancellationTokenSource();
        var (load, alone) = (new HeldLoad(), new HeldLoad());
        var patient = Hard with { HardLoadTimeout = TimeSpan.FromHours(1) };
        var read = entry.ReadAsync(load, patient, leaving.Token);
        var readAlone = entry.ReadAsync(alone, patient with { DoNotCache = true }, leaving.Token);
        await load.Started;
        await alone.Started;

        await leaving.CancelAsync();

        Assert.Equal(leaving.Token, (await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read)).CancellationToken);
        Assert.Equal(leaving.Token, (await Assert.ThrowsAnyAsync<OperationCanceledException>(() => readAlone)).CancellationToken);
        await load.Abandoned.WaitAsync(Cancellation);
    }

    [Fact]
    public async Task The_failure_of_a_load_within_its_time_is_the_callers_as_it_was()
    {
        await using var entry = await ExpiredEntry.StartAsync(servers);

        await Assert.ThrowsAsync<DatabaseAwayException>(
            () => entry.ReadInVainAsync(options: Hard with { HardLoadTimeout = TimeSpan.FromHours(1) }));
        await Assert.ThrowsAsync<TimeoutException>(async () => await entry.Store.GetAsync<int>(
            ExpiredEntry.Key,
            (_, _) => throw new TimeoutException(),
            Hard with { HardLoadTimeout = TimeSpan.FromHours(1) },
            Cancellation));
    }
}
