namespace HybridStore.Conformance;

/// <summary>Writes that store what they set.</summary>
public abstract class WriteThroughContract(IStoreBackend backend) : StoreContract(backend)
{
    private static readonly WriteOptions Through = new() { WriteThrough = ["one", "two"] };

    [Fact]
    public async Task What_a_write_has_set_is_what_the_next_reader_finds()
    {
        await using var test = await StartAsync();
        var loads = new CountedLoads();
        await loads.ReadAsync(test.Store, "one");

        var receipt = await test.Store.WriteAsync((write, _) => SetAsync(write, "one", 7), Through, Cancellation);

        Assert.Equal(InvalidationStatus.Applied, receipt.Status);
        Assert.Equal(7, await loads.ReadAsync(test.Store, "one"));
        Assert.Equal(1, loads.Runs);
    }

    [Fact]
    public async Task A_write_that_fails_stores_nothing_and_leaves_what_was_cached()
    {
        await using var test = await StartAsync();
        var loads = new CountedLoads();
        await loads.ReadAsync(test.Store, "one");

        await Assert.ThrowsAsync<TimeZoneNotFoundException>(() => test.Store.WriteAsync(
            async (write, _) =>
            {
                await SetAsync(write, "one", 7);
                throw new TimeZoneNotFoundException();
            },
            Through,
            Cancellation));

        Assert.Equal(1, await loads.ReadAsync(test.Store, "one"));
    }

    [Fact]
    public async Task The_value_goes_with_its_tags()
    {
        await using var test = await StartAsync();
        var loads = new CountedLoads();
        await test.Store.WriteAsync((write, _) => SetAsync(write, "one", 7, "tag"), Through, Cancellation);
        Assert.Equal(7, await loads.ReadAsync(test.Store, "one"));

        await test.Store.InvalidateTagAsync("tag", Cancellation);

        Assert.Equal(1, await loads.ReadAsync(test.Store, "one"));
    }

    [Fact]
    public async Task What_is_set_and_invalidated_afterwards_is_not_stored()
    {
        await using var test = await StartAsync();
        var loads = new CountedLoads();

        await test.Store.WriteAsync(
            async (write, _) =>
            {
                await SetAsync(write, "one", 7);
                await SetAsync(write, "two", 8, "tag");
                write.Invalidate("one");
                write.InvalidateTag("tag");
            },
            Through,
            Cancellation);

        Assert.Equal((1, 2), (await loads.ReadAsync(test.Store, "one"), await loads.ReadAsync(test.Store, "two")));
    }

    [Fact]
    public async Task A_key_that_was_not_declared_is_refused()
    {
        await using var test = await StartAsync();

        await Assert.ThrowsAsync<InvalidOperationException>(
            () => test.Store.WriteAsync((write, _) => SetAsync(write, "three", 7), Through, Cancellation));
    }

    [Fact]
    public async Task A_strict_write_and_one_that_has_joined_store_what_they_set()
    {
        await using var test = await StartAsync();
        var loads = new CountedLoads();

        await test.Store.WriteAsync(
            async (write, _) =>
            {
                await SetAsync(write, "one", 7);
                await test.Store.WriteAsync((inner, _) => SetAsync(inner, "two", 8), cancellationToken: Cancellation);
            },
            Through with { Strict = true },
            Cancellation);

        Assert.Equal((7, 8), (await loads.ReadAsync(test.Store, "one"), await loads.ReadAsync(test.Store, "two")));
    }

    private static Task SetAsync(WriteContext write, string key, int value, params string[] tags)
    {
        write.Set(key, value, tags: tags);
        return Task.CompletedTask;
    }
}
