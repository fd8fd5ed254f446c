namespace HybridStore.Conformance;

/// <summary>Loads that fail or take too long, and what their callers get.</summary>
public abstract class LateLoadContract(IStoreBackend backend) : StoreContract(backend)
{
    private static readonly TimeSpan Brief = TimeSpan.FromMilliseconds(200);

    private static readonly EntryOptions Kept = new()
    {
        TimeToLive = Brief,
        Jitter = 0,
        Beta = 0,
        StaleOnError = TimeSpan.FromHours(1),
    };

    [Fact]
    public async Task An_expired_value_is_served_where_its_load_fails_and_not_once_it_is_invalidated()
    {
        await using var test = await StartAsync();
        var load = new FailingLoad();
        await SeedAsync(test, Kept, "tag");

        test.Elapse(Brief);

        Assert.Equal(1, await load.HasFailedAsync(test.Store, Kept));
        await test.Store.InvalidateTagAsync("tag", Cancellation);
        await Assert.ThrowsAsync<FormatException>(async () => await load.ReadAsync(test.Store, Kept));
    }

    [Fact]
    public async Task An_expired_value_is_served_until_its_deadline_and_not_longer()
    {
        await using var test = await StartAsync();
        var load = new FailingLoad();
        var options = Kept with { StaleOnError = Brief };
        await SeedAsync(test, options);

        test.Elapse(Brief * 2);

        await Eventually.HappensAsync(async () =>
        {
            try
            {
                return await load.ReadAsync(test.Store, options) != 1;
            }
            catch (FormatException)
            {
                return true;
            }
        });
        await Assert.ThrowsAsync<FormatException>(async () => await load.ReadAsync(test.Store, options));
    }

    [Fact]
    public async Task An_expired_value_is_not_served_to_who_has_not_asked_for_it()
    {
        await using var test = await StartAsync();
        await SeedAsync(test, Kept);
        await AssertExpiredAsync(test);

        await Assert.ThrowsAsync<FormatException>(
            async () => await new FailingLoad().ReadAsync(test.Store, new EntryOptions { SchemaVersion = 1 }));
        Assert.Equal(1, await new FailingLoad().ReadAsync(test.Store, Kept));
    }

    [Fact]
    public async Task A_caller_gets_the_expired_value_early_and_the_load_goes_on()
    {
        await using var test = await StartAsync();
        await SeedAsync(test, Kept);
        await AssertExpiredAsync(test);
        var load = new HeldLoad(2);
        var read = load.ReadAsync(test.Store, "key", Cancellation, Kept with { SoftLoadTimeout = Brief, TimeToLive = TimeSpan.FromHours(1) });
        await load.Started.WaitAsync(Cancellation);

        await PassUntilAsync(test, read, Brief);

        Assert.Equal(1, await read);
        Assert.False(load.Abandoned.IsCompleted);
        load.Release();
        await Eventually.HappensAsync(async () => await new FailingLoad().ReadAsync(test.Store, Kept) == 2);
        Assert.Equal(1, load.Runs);
    }

    [Fact]
    public async Task A_caller_waits_for_its_load_only_so_long()
    {
        await using var test = await StartAsync();
        var load = new HeldLoad(2);
        var read = load.ReadAsync(test.Store, "key", Cancellation, new EntryOptions { HardLoadTimeout = Brief });

        await PassUntilAsync(test, read, Brief);

        Assert.Equal(Brief, (await Assert.ThrowsAsync<HybridStoreLoadTimeoutException>(() => read)).Timeout);
    }

    [Fact]
    public async Task A_soft_time_out_that_is_above_the_hard_one_is_refused()
    {
        await using var test = await StartAsync();
        var load = new CountedLoads();

        await Assert.ThrowsAsync<ArgumentException>("options", async () => await load.ReadAsync(
            test.Store, "key", Kept with { SoftLoadTimeout = TimeSpan.FromSeconds(2), HardLoadTimeout = TimeSpan.FromSeconds(1) }));
        Assert.Equal(0, load.Runs);
    }

    private static async Task SeedAsync(IStoreUnderTest test, EntryOptions options, params string[] tags) =>
        Assert.Equal(1, await new CountedLoads().ReadAsync(test.Store, "key", options, context => context.AddTags(tags)));

    private static async Task AssertExpiredAsync(IStoreUnderTest test)
    {
        test.Elapse(Brief);
        Assert.Equal(1, await new FailingLoad().HasFailedAsync(test.Store, Kept));
    }

    private sealed class FailingLoad
    {
        private int _runs;

        public ValueTask<int> ReadAsync(IHybridStore store, EntryOptions options) => store.GetAsync("key", Run, options, Cancellation);

        /// <summary>Reads until the load has run.</summary>
        /// <returns>What was read then.</returns>
        public async Task<int> HasFailedAsync(IHybridStore store, EntryOptions options)
        {
            var value = 0;
            await Eventually.HappensAsync(async () =>
            {
                value = await ReadAsync(store, options);
                return Volatile.Read(ref _runs) > 0;
            });
            return value;
        }

        private ValueTask<int> Run(LoadContext context, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _runs);
            throw new FormatException("The row makes no sense.");
        }
    }
}
