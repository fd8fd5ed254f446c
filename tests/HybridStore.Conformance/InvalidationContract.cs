namespace HybridStore.Conformance;

/// <summary>Invalidation of keys, of tags and of everything.</summary>
public abstract class InvalidationContract(IStoreBackend backend) : StoreContract(backend)
{
    [Fact]
    public async Task An_invalidated_key_is_loaded_again_and_no_other()
    {
        await using var test = await StartAsync();
        var loads = new CountedLoads();
        await loads.ReadAsync(test.Store, "one");
        await loads.ReadAsync(test.Store, "two");

        var receipt = await test.Store.InvalidateKeyAsync("one", Cancellation);

        Assert.Equal(InvalidationStatus.Applied, receipt.Status);
        await receipt.WhenApplied(Cancellation);
        Assert.Equal(3, await loads.ReadAsync(test.Store, "one"));
        Assert.Equal(2, await loads.ReadAsync(test.Store, "two"));
    }

    [Fact]
    public async Task An_invalidated_tag_takes_all_its_entries_along_and_no_others()
    {
        await using var test = await StartAsync();
        var loads = new CountedLoads();
        await loads.ReadTaggedAsync(test.Store, "one", "red");
        await loads.ReadTaggedAsync(test.Store, "two", "red", "blue");
        await loads.ReadTaggedAsync(test.Store, "three", "blue");

        Assert.Equal(InvalidationStatus.Applied, (await test.Store.InvalidateTagAsync("red", Cancellation)).Status);

        Assert.Equal(4, await loads.ReadTaggedAsync(test.Store, "one", "red"));
        Assert.Equal(5, await loads.ReadTaggedAsync(test.Store, "two", "red", "blue"));
        Assert.Equal(3, await loads.ReadTaggedAsync(test.Store, "three", "blue"));
    }

    [Fact]
    public async Task A_key_is_no_tag_and_a_tag_no_key()
    {
        await using var test = await StartAsync();
        var loads = new CountedLoads();
        await loads.ReadTaggedAsync(test.Store, "name", "tag");

        await test.Store.InvalidateTagAsync("name", Cancellation);
        await test.Store.InvalidateKeyAsync("tag", Cancellation);

        Assert.Equal(1, await loads.ReadTaggedAsync(test.Store, "name", "tag"));
    }

    [Fact]
    public async Task Keys_and_tags_are_invalidated_together()
    {
        await using var test = await StartAsync();
        var loads = new CountedLoads();
        await loads.ReadAsync(test.Store, "one");
        await loads.ReadTaggedAsync(test.Store, "two", "red");

        await test.Store.InvalidateAsync(new Invalidation { Keys = ["one", "none"], Tags = ["red", "none"] }, Cancellation);

        Assert.Equal(3, await loads.ReadAsync(test.Store, "one"));
        Assert.Equal(4, await loads.ReadTaggedAsync(test.Store, "two", "red"));
    }

    [Fact]
    public async Task Nothing_to_invalidate_is_applied_at_once()
    {
        await using var test = await StartAsync();

        var receipt = await test.Store.InvalidateAsync(new Invalidation(), Cancellation);

        Assert.Equal(InvalidationStatus.Applied, receipt.Status);
    }

    [Fact]
    public async Task What_was_loaded_again_is_cached_again()
    {
        await using var test = await StartAsync();
        var loads = new CountedLoads();
        await loads.ReadTaggedAsync(test.Store, "key", "tag");
        await test.Store.InvalidateTagAsync("tag", Cancellation);

        Assert.Equal(2, await loads.ReadTaggedAsync(test.Store, "key", "tag"));
        Assert.Equal(2, await loads.ReadTaggedAsync(test.Store, "key", "tag"));
    }

    [Fact]
    public async Task A_load_that_is_overtaken_by_an_invalidation_of_its_key_is_not_cached()
    {
        await using var test = await StartAsync();
        var load = new HeldLoad(7);
        var read = load.ReadAsync(test.Store, "key", Cancellation);
        await load.Started.WaitAsync(Cancellation);

        await test.Store.InvalidateKeyAsync("key", Cancellation);
        load.Release();

        Assert.Equal(7, await read);
        Assert.Equal(1, await new CountedLoads().ReadAsync(test.Store, "key"));
    }

    [Fact]
    public async Task A_load_that_is_overtaken_by_an_invalidation_of_a_tag_that_it_gives_later_is_not_cached()
    {
        await using var test = await StartAsync();
        var load = new HeldLoad(7, "tag");
        var read = load.ReadAsync(test.Store, "key", Cancellation);
        await load.Started.WaitAsync(Cancellation);

        await test.Store.InvalidateTagAsync("tag", Cancellation);
        load.Release();

        Assert.Equal(7, await read);
        Assert.Equal(1, await new CountedLoads().ReadAsync(test.Store, "key"));
    }

    [Fact]
    public async Task A_load_that_is_overtaken_by_an_invalidation_of_something_else_is_cached()
    {
        await using var test = await StartAsync();
        var load = new HeldLoad(7, "tag");
        var read = load.ReadAsync(test.Store, "key", Cancellation);
        await load.Started.WaitAsync(Cancellation);

        await test.Store.InvalidateAsync(new Invalidation { Keys = ["other"], Tags = ["other"] }, Cancellation);
        load.Release();

        Assert.Equal(7, await read);
        Assert.Equal(7, await new CountedLoads().ReadAsync(test.Store, "key"));
    }

    [Fact]
    public async Task Who_comes_after_an_invalidation_does_not_join_a_load_that_began_before()
    {
        await using var test = await StartAsync();
        var older = new HeldLoad(7);
        var read = older.ReadAsync(test.Store, "key", Cancellation);
        await older.Started.WaitAsync(Cancellation);
        await test.Store.InvalidateKeyAsync("key", Cancellation);
        var younger = new CountedLoads();

        Assert.Equal(1, await younger.ReadAsync(test.Store, "key"));

        older.Release();
        Assert.Equal(7, await read);
        Assert.Equal(1, await younger.ReadAsync(test.Store, "key"));
    }

    [Fact]
    public async Task A_flush_takes_everything_along_also_what_is_being_loaded()
    {
        await using var test = await StartAsync();
        var loads = new CountedLoads();
        await loads.ReadAsync(test.Store, "one");
        await loads.ReadTaggedAsync(test.Store, "two", "tag");
        var held = new HeldLoad(7);
        var read = held.ReadAsync(test.Store, "three", Cancellation);
        await held.Started.WaitAsync(Cancellation);

        var receipt = await test.Store.FlushAsync(Cancellation);
        held.Release();

        Assert.Equal(InvalidationStatus.Applied, receipt.Status);
        Assert.Equal(7, await read);
        Assert.Equal(3, await loads.ReadAsync(test.Store, "one"));
        Assert.Equal(4, await loads.ReadTaggedAsync(test.Store, "two", "tag"));
        Assert.Equal(5, await loads.ReadAsync(test.Store, "three"));
        Assert.Equal(5, await loads.ReadAsync(test.Store, "three"));
    }

    [Fact]
    public async Task An_invalidation_that_is_cancelled_beforehand_does_nothing()
    {
        await using var test = await StartAsync();
        var loads = new CountedLoads();
        await loads.ReadAsync(test.Store, "key");
        var cancelled = new CancellationToken(canceled: true);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => test.Store.InvalidateKeyAsync("key", cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => test.Store.FlushAsync(cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => test.Store.ExplainAsync("key", cancelled));

        Assert.Equal(1, await loads.ReadAsync(test.Store, "key"));
    }
}
