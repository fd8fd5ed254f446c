namespace HybridStore.Conformance;

/// <summary>Reads of many keys at once, and reads that load nothing.</summary>
public abstract class BatchContract(IStoreBackend backend) : StoreContract(backend)
{
    [Fact]
    public async Task Values_come_in_the_order_of_the_ids_duplicates_included()
    {
        await using var test = await StartAsync();
        var loads = new BatchLoads();

        Assert.Equal([3, 1, 3, 2, 1], (await loads.ReadAsync(test.Store, 3, 1, 3, 2, 1)).Select(thing => thing!.Id));
        Assert.Equal([3, 1, 2], Assert.Single(loads.Asked));
    }

    [Fact]
    public async Task Only_what_is_missing_is_loaded_and_all_at_once()
    {
        await using var test = await StartAsync();
        var loads = new BatchLoads();
        await loads.ReadAsync(test.Store, 2, 4);

        var values = await loads.ReadAsync(test.Store, 1, 2, 3, 4, 5);

        Assert.Equal([1, 2, 3, 4, 5], values.Select(thing => thing!.Id));
        Assert.Equal([2, 1, 2, 1, 2], values.Select(thing => thing!.Run));
        Assert.Equal([2, 4], loads.Asked[0]);
        Assert.Equal([1, 3, 5], loads.Asked[1]);
    }

    [Fact]
    public async Task Single_and_batch_reads_find_each_others_entries()
    {
        await using var test = await StartAsync();
        var loads = new BatchLoads();
        var first = await test.Store.GetAsync("thing:1", (_, _) => ValueTask.FromResult(new BatchedThing(1, 99)), cancellationToken: Cancellation);

        var many = await loads.ReadAsync(test.Store, 1, 2);

        Assert.Equal([first, new BatchedThing(2, 1)], many);
        Assert.Equal(
            new BatchedThing(2, 1),
            await test.Store.GetAsync("thing:2", (_, _) => ValueTask.FromResult(new BatchedThing(2, 99)), cancellationToken: Cancellation));
    }

    [Fact]
    public async Task Nothing_is_asked_for_no_ids()
    {
        await using var test = await StartAsync();
        var loads = new BatchLoads();

        Assert.Empty(await loads.ReadAsync(test.Store));
        Assert.Empty(loads.Asked);
    }

    [Fact]
    public async Task An_id_without_a_row_is_null_and_not_cached()
    {
        await using var test = await StartAsync();
        var loads = new BatchLoads { Missing = { 2 } };

        Assert.Equal([new BatchedThing(1, 1), null], await loads.ReadAsync(test.Store, 1, 2));
        loads.Missing.Clear();
        Assert.Equal([new BatchedThing(1, 1), new BatchedThing(2, 2)], await loads.ReadAsync(test.Store, 1, 2));
    }

    [Fact]
    public async Task An_id_without_a_row_is_cached_where_negative_caching_is_on()
    {
        await using var test = await StartAsync();
        var loads = new BatchLoads { Missing = { 2 }, Options = new EntryOptions { NegativeTimeToLive = TimeSpan.FromMinutes(1) } };

        await loads.ReadAsync(test.Store, 1, 2);
        loads.Missing.Clear();

        Assert.Equal([new BatchedThing(1, 1), null], await loads.ReadAsync(test.Store, 1, 2));
        Assert.Single(loads.Asked);
    }

    [Fact]
    public async Task A_missing_row_of_a_type_without_null_is_its_default_and_not_cached()
    {
        await using var test = await StartAsync();
        ValueTask<IReadOnlyList<decimal>> ReadAsync(params decimal[] rows) => test.Store.GetManyAsync(
            [1, 2],
            static id => $"price:{id}",
            (_, _, _) => ValueTask.FromResult<IReadOnlyList<decimal>>(rows),
            static price => (int)price,
            cancellationToken: Cancellation);

        Assert.Equal([1, 0], await ReadAsync(1m));

        Assert.False((await test.Store.TryGetAsync<decimal>("price:2", cancellationToken: Cancellation)).HasValue);
        Assert.Equal([1, 2], await ReadAsync(2m));
    }

    [Fact]
    public async Task Each_entry_has_tags_of_its_own()
    {
        await using var test = await StartAsync();
        var loads = new BatchLoads { Tag = static id => id % 2 == 0 ? "even" : "odd" };
        await loads.ReadAsync(test.Store, 1, 2, 3, 4);

        await test.Store.InvalidateAsync(new Invalidation { Tags = ["even"] }, Cancellation);

        Assert.Equal([1, 2, 1, 2], (await loads.ReadAsync(test.Store, 1, 2, 3, 4)).Select(thing => thing!.Run));
        Assert.Equal([2, 4], loads.Asked[1]);
    }

    [Fact]
    public async Task A_tag_for_all_is_given_to_each()
    {
        await using var test = await StartAsync();
        var loads = new BatchLoads { Say = static context => context.AddTagToAll("things") };
        await loads.ReadAsync(test.Store, 1, 2);

        await test.Store.InvalidateAsync(new Invalidation { Tags = ["things"] }, Cancellation);

        Assert.Equal([2, 2], (await loads.ReadAsync(test.Store, 1, 2)).Select(thing => thing!.Run));
    }

    [Fact]
    public async Task A_load_may_keep_single_values_out_of_the_cache()
    {
        await using var test = await StartAsync();
        var loads = new BatchLoads
        {
            Say = static context =>
            {
                if (context.Ids.Contains(2))
                {
                    context.DoNotCache(2);
                }

                if (context.Ids.Contains(3))
                {
                    context.SetTimeToLive(3, TimeSpan.Zero);
                }
            },
        };
        await loads.ReadAsync(test.Store, 1, 2, 3);

        Assert.Equal([1, 2, 2], (await loads.ReadAsync(test.Store, 1, 2, 3)).Select(thing => thing!.Run));
    }

    [Fact]
    public async Task What_is_invalidated_is_loaded_again_alone()
    {
        await using var test = await StartAsync();
        var loads = new BatchLoads();
        await loads.ReadAsync(test.Store, 1, 2, 3);

        await test.Store.InvalidateAsync(new Invalidation { Keys = ["thing:2"] }, Cancellation);

        Assert.Equal([1, 2, 1], (await loads.ReadAsync(test.Store, 1, 2, 3)).Select(thing => thing!.Run));
        Assert.Equal([2], loads.Asked[1]);
    }

    [Fact]
    public async Task Past_the_cache_all_ids_are_loaded_and_nothing_is_stored()
    {
        await using var test = await StartAsync();
        var loads = new BatchLoads();
        await loads.ReadAsync(test.Store, 1);
        var past = test.Store.With(new ReadOptions { SkipCache = true });

        Assert.Equal([2, 2], (await loads.ReadAsync(past, 1, 2)).Select(thing => thing!.Run));
        Assert.False((await test.Store.TryGetAsync<BatchedThing>("thing:2", cancellationToken: Cancellation)).HasValue);
        Assert.Equal(1, (await test.Store.TryGetAsync<BatchedThing>("thing:1", cancellationToken: Cancellation)).Value.Run);
    }

    [Fact]
    public async Task What_is_not_cached_is_not_loaded_by_a_read_that_loads_nothing()
    {
        await using var test = await StartAsync();

        var nothing = await test.Store.TryGetAsync<int>("key", cancellationToken: Cancellation);
        await new CountedLoads().ReadAsync(test.Store, "key");
        var something = await test.Store.TryGetAsync<int>("key", cancellationToken: Cancellation);

        Assert.False(nothing.HasValue);
        Assert.Equal(7, nothing.GetValueOrDefault(7));
        Assert.Throws<InvalidOperationException>(() => nothing.Value);
        Assert.True(something.TryGetValue(out var value));
        Assert.Equal(1, value);
    }

    [Fact]
    public async Task A_missing_row_that_is_cached_is_a_value()
    {
        await using var test = await StartAsync();
        var options = new EntryOptions { NegativeTimeToLive = TimeSpan.FromMinutes(1) };
        await test.Store.GetAsync("key", (_, _) => ValueTask.FromResult<string?>(null), options, Cancellation);

        var found = await test.Store.TryGetAsync<string?>("key", cancellationToken: Cancellation);

        Assert.True(found.HasValue);
        Assert.Null(found.Value);
    }
}
