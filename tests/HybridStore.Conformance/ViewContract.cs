namespace HybridStore.Conformance;

/// <summary>Views with read options, and explanations.</summary>
public abstract class ViewContract(IStoreBackend backend) : StoreContract(backend)
{
    [Fact]
    public async Task A_view_that_skips_the_cache_loads_each_time_and_stores_nothing()
    {
        await using var test = await StartAsync();
        var (loads, skipping) = (new CountedLoads(), new CountedLoads());
        var view = test.Store.With(new ReadOptions { SkipCache = true });

        Assert.Equal(1, await skipping.ReadAsync(view, "key"));
        Assert.Equal(1, await loads.ReadAsync(test.Store, "key"));
        Assert.Equal(2, await skipping.ReadAsync(view, "key"));
        Assert.Equal(1, await loads.ReadAsync(test.Store, "key"));
    }

    [Fact]
    public async Task A_view_shares_entries_and_invalidations_with_its_store()
    {
        await using var test = await StartAsync();
        var loads = new CountedLoads();
        var view = test.Store.With(new ReadOptions { AllowReplicas = true });

        Assert.Equal(1, await loads.ReadAsync(view, "key"));
        Assert.Equal(1, await loads.ReadAsync(test.Store, "key"));
        await view.InvalidateKeyAsync("key", Cancellation);
        Assert.Equal(2, await loads.ReadAsync(test.Store, "key"));
    }

    [Fact]
    public async Task A_view_of_a_view_has_its_own_options_only()
    {
        await using var test = await StartAsync();
        var loads = new CountedLoads();
        var view = test.Store.With(new ReadOptions { SkipCache = true }).With(ReadOptions.Default);

        Assert.Equal(1, await loads.ReadAsync(view, "key"));
        Assert.Equal(1, await loads.ReadAsync(view, "key"));
    }

    [Fact]
    public async Task A_token_that_asks_for_nothing_takes_what_is_there()
    {
        await using var test = await StartAsync();
        var loads = new CountedLoads();
        await loads.ReadAsync(test.Store, "key");

        Assert.Equal(1, await loads.ReadAsync(test.Store.With(new ReadOptions { AtLeast = default }), "key"));
    }

    [Fact]
    public async Task A_read_is_explained_before_it_after_it_and_after_an_invalidation()
    {
        await using var test = await StartAsync();
        var options = new EntryOptions { SchemaVersion = 3, TimeToLive = TimeSpan.FromMinutes(5) };

        var before = await test.Store.ExplainAsync("key", Cancellation);
        await new CountedLoads().ReadAsync(test.Store, "key", options, static context => context.AddTags("one", "two"));
        var cached = await test.Store.ExplainAsync("key", Cancellation);
        await test.Store.InvalidateTagAsync("one", Cancellation);
        var after = await test.Store.ExplainAsync("key", Cancellation);

        Assert.Equal((EntryVerdict.Absent, EntryVerdict.Hit, EntryVerdict.Absent), (before.Verdict, cached.Verdict, after.Verdict));
        Assert.Equal("key", cached.Key);
        Assert.True(cached.Entry is { IsReadable: true, SchemaVersion: 3, IsNull: false, IsCompressed: false });
        Assert.InRange(cached.Entry!.TimeToLive!.Value, TimeSpan.FromMinutes(4), TimeSpan.FromMinutes(6));
        Assert.Equal(["one", "two"], cached.Tags.Select(tag => tag.Tag).Order());
        Assert.True(cached.AreTagsComplete);
        Assert.Null(after.Entry);
        Assert.Contains("Hit", cached.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_load_under_way_is_explained_by_its_lease()
    {
        await using var test = await StartAsync();
        var load = new HeldLoad(7);
        var read = load.ReadAsync(test.Store, "key", Cancellation);
        await load.Started.WaitAsync(Cancellation);

        Assert.NotNull((await test.Store.ExplainAsync("key", Cancellation)).Lease);

        load.Release();
        await read;
        Assert.Null((await test.Store.ExplainAsync("key", Cancellation)).Lease);
    }

    [Fact]
    public async Task A_view_that_skips_the_cache_says_so_when_it_is_asked()
    {
        await using var test = await StartAsync();
        await new CountedLoads().ReadAsync(test.Store, "key");

        var explanation = await test.Store.With(new ReadOptions { SkipCache = true }).ExplainAsync("key", Cancellation);

        Assert.Equal(EntryVerdict.NotCached, explanation.Verdict);
    }
}
