namespace HybridStore.Conformance;

/// <summary>Filling the cache before anybody asks.</summary>
public abstract class WarmContract(IStoreBackend backend) : StoreContract(backend)
{
    [Fact]
    public async Task What_is_warmed_is_there_for_all_kinds_of_reads()
    {
        await using var test = await StartAsync();

        var done = await WarmAsync(test.Store, [1, 2, 3]);

        Assert.Equal((3, 3, 0, 0), (done.Seen, done.Stored, done.AlreadyCached, done.NotStored));
        Assert.Equal("warm 1", await ReadAsync(test.Store, 1));
        Assert.Equal("warm 3", (await test.Store.TryGetAsync<string>("key:3", cancellationToken: Cancellation)).Value);
        Assert.Equal(
            ["warm 2", "warm 1"],
            await test.Store.GetManyAsync(
                [2, 1],
                static id => $"key:{id}",
                static (_, _, _) => throw new TimeZoneNotFoundException(),
                static (string _) => 0,
                cancellationToken: Cancellation));
    }

    [Fact]
    public async Task What_is_cached_already_is_left_alone_and_not_loaded()
    {
        await using var test = await StartAsync();
        await ReadAsync(test.Store, 2);
        var asked = new List<int>();

        var done = await WarmAsync(test.Store, [1, 2, 3, 1], asked: asked, options: new WarmOptions { BatchSize = 2 });

        Assert.Equal([1, 3], asked);
        Assert.Equal((4, 2, 2), (done.Seen, done.Stored, done.AlreadyCached));
        Assert.Equal("read 2", await ReadAsync(test.Store, 2));
    }

    [Fact]
    public async Task What_no_read_would_take_is_warmed_anew()
    {
        await using var test = await StartAsync();
        await test.Store.GetAsync("key:1", (_, _) => ValueTask.FromResult(7), cancellationToken: Cancellation);
        await ReadAsync(test.Store, 2);
        var newer = new EntryOptions { SchemaVersion = 1 };

        var done = await WarmAsync(test.Store, [1, 2, 3]);
        var afterRelease = await WarmAsync(test.Store, [1, 2, 3], new WarmOptions { Entries = newer });

        Assert.Equal((2, 1), (done.Stored, done.AlreadyCached));
        Assert.Equal((3, 0), (afterRelease.Stored, afterRelease.AlreadyCached));
        Assert.Equal("warm 2", (await test.Store.TryGetAsync<string>("key:2", newer, Cancellation)).Value);
    }

    [Fact]
    public async Task Batches_are_bounded_and_progress_is_told_after_each()
    {
        await using var test = await StartAsync();
        var batches = new List<int>();
        var told = new Told();

        var done = await test.Store.WarmAsync(
            Enumerable.Range(1, 25).ToAsyncEnumerable(),
            static id => $"key:{id}",
            (missing, _, _) =>
            {
                batches.Add(missing.Count);
                return ValueTask.FromResult<IReadOnlyList<string>>([.. missing.Select(id => $"warm {id}")]);
            },
            static text => int.Parse(text.AsSpan(5), System.Globalization.CultureInfo.InvariantCulture),
            new WarmOptions { BatchSize = 10 },
            told,
            Cancellation);

        Assert.Equal([10, 10, 5], batches);
        Assert.Equal([10, 20, 25, 25], told.Seen);
        Assert.Equal(25, done.Stored);
        Assert.False(done.IsCapped);
    }

    [Fact]
    public async Task A_warm_up_stops_at_its_cap_and_says_so()
    {
        await using var test = await StartAsync();

        var capped = await WarmAsync(test.Store, Enumerable.Range(1, 26), new WarmOptions { MaximumEntries = 25, BatchSize = 10 });
        var exact = await WarmAsync(test.Store, Enumerable.Range(101, 25), new WarmOptions { MaximumEntries = 25, BatchSize = 10 });

        Assert.Equal((true, 25), (capped.IsCapped, capped.Stored));
        Assert.Equal((false, 25), (exact.IsCapped, exact.Stored));
        Assert.False((await test.Store.TryGetAsync<string>("key:26", cancellationToken: Cancellation)).HasValue);
    }

    [Fact]
    public async Task Ids_without_a_row_are_counted_and_nothing_is_cached_for_them()
    {
        await using var test = await StartAsync();

        var done = await test.Store.WarmAsync(
            Enumerable.Range(1, 3).ToAsyncEnumerable(),
            static id => $"key:{id}",
            static (missing, _, _) => ValueTask.FromResult<IReadOnlyList<string>>(["warm 2"]),
            static _ => 2,
            new WarmOptions { Entries = new EntryOptions { NegativeTimeToLive = TimeSpan.FromMinutes(1) } },
            cancellationToken: Cancellation);

        Assert.Equal((3, 1, 2), (done.Seen, done.Stored, done.Missing));
        Assert.Equal("read 1", await ReadAsync(test.Store, 1));
    }

    [Fact]
    public async Task Warmed_entries_have_tags()
    {
        await using var test = await StartAsync();
        await test.Store.WarmAsync(
            Enumerable.Range(1, 3).ToAsyncEnumerable(),
            static id => $"key:{id}",
            static (missing, context, _) =>
            {
                context.AddTagToAll("all");
                context.AddTag(2, "two");
                return ValueTask.FromResult<IReadOnlyList<string>>([.. missing.Select(id => $"warm {id}")]);
            },
            static text => int.Parse(text.AsSpan(5), System.Globalization.CultureInfo.InvariantCulture),
            cancellationToken: Cancellation);

        await test.Store.InvalidateAsync(new Invalidation { Tags = ["two"] }, Cancellation);
        Assert.Equal(["warm 1", "read 2", "warm 3"], [await ReadAsync(test.Store, 1), await ReadAsync(test.Store, 2), await ReadAsync(test.Store, 3)]);
        await test.Store.InvalidateAsync(new Invalidation { Tags = ["all"] }, Cancellation);
        Assert.Equal("read 3", await ReadAsync(test.Store, 3));
    }

    [Fact]
    public async Task What_is_invalidated_while_it_is_warmed_is_not_cached_with_its_old_value()
    {
        await using var test = await StartAsync();

        var done = await test.Store.WarmAsync<int, string>(
            Enumerable.Range(1, 3).ToAsyncEnumerable(),
            static id => $"key:{id}",
            async (missing, _, token) =>
            {
                await test.Store.InvalidateAsync(new Invalidation { Keys = ["key:2"] }, token);
                return [.. missing.Select(id => $"warm {id}")];
            },
            static text => int.Parse(text.AsSpan(5), System.Globalization.CultureInfo.InvariantCulture),
            cancellationToken: Cancellation);

        Assert.Equal((2, 1), (done.Stored, done.NotStored));
        Assert.Equal("read 2", await ReadAsync(test.Store, 2));
        Assert.Equal("warm 3", await ReadAsync(test.Store, 3));
    }

    [Fact]
    public async Task A_load_that_fails_ends_the_warm_up_and_frees_the_keys()
    {
        await using var test = await StartAsync();

        await Assert.ThrowsAsync<TimeZoneNotFoundException>(() => test.Store.WarmAsync(
            Enumerable.Range(1, 30).ToAsyncEnumerable(),
            static id => $"key:{id}",
            static (missing, _, _) => missing.Contains(11)
                ? throw new TimeZoneNotFoundException()
                : ValueTask.FromResult<IReadOnlyList<string>>([.. missing.Select(id => $"warm {id}")]),
            static text => int.Parse(text.AsSpan(5), System.Globalization.CultureInfo.InvariantCulture),
            new WarmOptions { BatchSize = 10 },
            cancellationToken: Cancellation));

        Assert.Equal("warm 10", await ReadAsync(test.Store, 10));
        Assert.Equal("read 11", await ReadAsync(test.Store, 11));
    }

    [Fact]
    public async Task A_warm_up_that_is_cancelled_ends_and_keeps_what_it_has()
    {
        await using var test = await StartAsync();
        using var ending = new CancellationTokenSource();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => test.Store.WarmAsync<int, string>(
            Enumerable.Range(1, 30).ToAsyncEnumerable(),
            static id => $"key:{id}",
            async (missing, _, token) =>
            {
                if (missing.Contains(11))
                {
                    await ending.CancelAsync();
                    token.ThrowIfCancellationRequested();
                }

                return [.. missing.Select(id => $"warm {id}")];
            },
            static text => int.Parse(text.AsSpan(5), System.Globalization.CultureInfo.InvariantCulture),
            new WarmOptions { BatchSize = 10 },
            cancellationToken: ending.Token));

        Assert.Equal("warm 1", await ReadAsync(test.Store, 1));
        Assert.Equal("read 11", await ReadAsync(test.Store, 11));
    }

    [Fact]
    public async Task Options_that_cache_nothing_and_settings_out_of_range_are_refused()
    {
        await using var test = await StartAsync();

        await Assert.ThrowsAsync<ArgumentException>(() => WarmAsync(test.Store, [1], new WarmOptions { Entries = EntryOptions.Never }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new WarmOptions { BatchSize = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new WarmOptions { BatchSize = 1001 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new WarmOptions { MaximumEntries = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new WarmOptions { EntriesPerSecond = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new WarmOptions { EntriesPerSecond = double.NaN });
    }

    private static ValueTask<string> ReadAsync(IHybridStore store, int id) => store.GetAsync(
        $"key:{id}", (_, _) => ValueTask.FromResult($"read {id}"), cancellationToken: Cancellation);

    private static Task<WarmProgress> WarmAsync(
        IHybridStore store, IEnumerable<int> ids, WarmOptions? options = null, List<int>? asked = null) => store.WarmAsync(
        ids.ToAsyncEnumerable(),
        static id => $"key:{id}",
        (missing, _, _) =>
        {
            asked?.AddRange(missing);
            return ValueTask.FromResult<IReadOnlyList<string>>([.. missing.Select(id => $"warm {id}")]);
        },
        static text => int.Parse(text.AsSpan(5), System.Globalization.CultureInfo.InvariantCulture),
        options,
        cancellationToken: Cancellation);

    /// <summary>Told in the flow of the warm-up.</summary>
    private sealed class Told : IProgress<WarmProgress>
    {
        public List<long> Seen { get; } = [];

        public void Report(WarmProgress value) => Seen.Add(value.Seen);
    }
}
