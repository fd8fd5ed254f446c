namespace HybridStore.Conformance;

/// <summary>Views that remember what they have read.</summary>
public abstract class MemoContract(IStoreBackend backend) : StoreContract(backend)
{
    private static readonly ReadOptions Memo = new() { Memo = true };

    [Fact]
    public async Task A_view_reads_a_key_once_and_the_next_view_again()
    {
        await using var test = await StartAsync();
        var view = test.Store.With(Memo);

        var first = await ReadListAsync(view);
        var second = await ReadListAsync(view);

        Assert.Same(first, second);
        Assert.NotSame(first, await ReadListAsync(test.Store.With(Memo)));
        Assert.NotSame(first, await ReadListAsync(test.Store));
    }

    [Fact]
    public async Task Entries_of_one_key_as_different_types_are_told_apart()
    {
        await using var test = await StartAsync();
        var view = test.Store.With(Memo);

        Assert.Equal(1, await new CountedLoads().ReadAsync(view, "key"));
        Assert.Equal("text", await view.GetAsync("key", (_, _) => ValueTask.FromResult("text"), cancellationToken: Cancellation));
        Assert.Equal(1, await new CountedLoads().ReadAsync(view, "key"));
    }

    [Fact]
    public async Task What_the_process_invalidates_is_forgotten()
    {
        await using var test = await StartAsync();
        var view = test.Store.With(Memo);
        var loads = new CountedLoads();
        await loads.ReadTaggedAsync(view, "key", "tag");

        await test.Store.InvalidateAsync(new Invalidation { Keys = ["key"] }, Cancellation);
        Assert.Equal(2, await loads.ReadTaggedAsync(view, "key", "tag"));
        await test.Store.InvalidateAsync(new Invalidation { Tags = ["tag"] }, Cancellation);
        Assert.Equal(3, await loads.ReadTaggedAsync(view, "key", "tag"));
        await test.Store.FlushAsync(Cancellation);
        Assert.Equal(4, await loads.ReadTaggedAsync(view, "key", "tag"));
        Assert.Equal(4, await loads.ReadTaggedAsync(view, "key", "tag"));
    }

    [Fact]
    public async Task A_value_that_is_invalidated_while_it_is_read_is_not_kept()
    {
        await using var test = await StartAsync();
        var view = test.Store.With(Memo);
        var load = new HeldLoad(7);
        var reading = load.ReadAsync(view, "key", Cancellation);
        await load.Started.WaitAsync(Cancellation);

        await test.Store.InvalidateAsync(new Invalidation { Keys = ["key"] }, Cancellation);
        load.Release();

        Assert.Equal(7, await reading);
        Assert.Equal(1, await new CountedLoads().ReadAsync(view, "key"));
    }

    [Fact]
    public async Task Readers_at_the_same_time_share_one_read_and_a_failure_is_not_kept()
    {
        await using var test = await StartAsync();
        var view = test.Store.With(Memo);
        var loads = new CountedLoads();

        await Assert.ThrowsAsync<TimeZoneNotFoundException>(async () => await loads.ReadAsync(
            view, "key", load: _ => throw new TimeZoneNotFoundException()));
        var values = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => loads.ReadAsync(view, "key").AsTask()));

        Assert.All(values, value => Assert.Equal(1, value));
        Assert.Equal(1, loads.Runs);
    }

    [Fact]
    public async Task A_reader_who_goes_does_not_take_the_value_with_him()
    {
        await using var test = await StartAsync();
        var view = test.Store.With(Memo);
        var load = new HeldLoad(7);
        using var leaving = new CancellationTokenSource();
        var goes = load.ReadAsync(view, "key", leaving.Token);
        await load.Started.WaitAsync(Cancellation);
        var stays = load.ReadAsync(view, "key", Cancellation);

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => goes);
        load.Release();

        Assert.Equal(7, await stays);
    }

    [Fact]
    public async Task A_batch_reads_only_what_the_view_does_not_know()
    {
        await using var test = await StartAsync();
        var view = test.Store.With(Memo);
        var asked = new List<int[]>();
        ValueTask<IReadOnlyList<string?>> ReadAsync(params int[] ids) => view.GetManyAsync(
            ids,
            static id => $"key:{id}",
            (missing, _, _) =>
            {
                asked.Add([.. missing]);
                return ValueTask.FromResult<IReadOnlyList<string>>([.. missing.Select(id => $"{id}")]);
            },
            static text => int.Parse(text, System.Globalization.CultureInfo.InvariantCulture),
            cancellationToken: Cancellation);

        var first = await ReadAsync(1, 2, 1);
        var second = await ReadAsync(3, 1, 2, 3);
        var single = await view.GetAsync("key:3", (_, _) => ValueTask.FromResult("other"), cancellationToken: Cancellation);

        Assert.Equal(["1", "2", "1"], first);
        Assert.Equal(["3", "1", "2", "3"], second);
        Assert.Same(first[0], second[1]);
        Assert.Same(second[0], single);
        Assert.Equal([[1, 2], [3]], asked);
        Assert.Same(single, (await view.TryGetAsync<string>("key:3", cancellationToken: Cancellation)).Value);
    }

    [Fact]
    public async Task What_is_read_in_a_load_or_past_the_cache_is_not_remembered()
    {
        await using var test = await StartAsync();
        var view = test.Store.With(Memo);
        List<int>? inLoad = null;
        await view.GetAsync(
            "outer",
            async (_, _) =>
            {
                inLoad = await ReadListAsync(view);
                return 1;
            },
            cancellationToken: Cancellation);
        var loads = new CountedLoads();

        Assert.NotSame(inLoad, await ReadListAsync(view));
        Assert.Equal(1, await loads.ReadAsync(view, "never", EntryOptions.Never));
        Assert.Equal(2, await loads.ReadAsync(view, "never", EntryOptions.Never));
        Assert.False((await view.TryGetAsync<List<int>>("list", EntryOptions.Never, Cancellation)).HasValue);
    }

    [Fact]
    public async Task A_view_does_not_remember_without_end()
    {
        await using var test = await StartAsync();
        var view = test.Store.With(Memo);
        int[] ids = [.. Enumerable.Range(0, 10_001)];
        ValueTask<IReadOnlyList<string?>> ReadAsync(IReadOnlyCollection<int> of) => view.GetManyAsync(
            of,
            static id => $"key:{id}",
            static (missing, _, _) => ValueTask.FromResult<IReadOnlyList<string>>([.. missing.Select(id => $"{id}")]),
            static text => int.Parse(text, System.Globalization.CultureInfo.InvariantCulture),
            cancellationToken: Cancellation);

        var first = await ReadAsync(ids);
        var second = await ReadAsync([0, 10_000]);

        Assert.Same(first[0], second[0]);
        Assert.Equal("10000", second[1]);
        Assert.NotSame(first[10_000], second[1]);
    }

    private static ValueTask<List<int>> ReadListAsync(IHybridStore store) =>
        store.GetAsync("list", static (_, _) => ValueTask.FromResult(new List<int> { 1 }), cancellationToken: Cancellation);
}
