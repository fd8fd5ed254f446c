namespace HybridStore.Conformance;

/// <summary>Cache-aside reads.</summary>
public abstract class ReadContract(IStoreBackend backend) : StoreContract(backend)
{
    [Fact]
    public async Task A_second_read_is_answered_by_the_cache()
    {
        await using var test = await StartAsync();
        var loads = new CountedLoads();

        Assert.Equal(1, await loads.ReadAsync(test.Store, "key"));
        Assert.Equal(1, await loads.ReadAsync(test.Store, "key"));
        Assert.Equal(1, loads.Runs);
    }

    [Fact]
    public async Task Keys_are_told_apart_by_case_and_by_every_character()
    {
        await using var test = await StartAsync();
        var loads = new CountedLoads();

        Assert.Equal(1, await loads.ReadAsync(test.Store, "key"));
        Assert.Equal(2, await loads.ReadAsync(test.Store, "Key"));
        Assert.Equal(3, await loads.ReadAsync(test.Store, "key "));
        Assert.Equal(4, await loads.ReadAsync(test.Store, "ключ{🔑}"));
        Assert.Equal(4, await loads.ReadAsync(test.Store, "ключ{🔑}"));
    }

    [Fact]
    public async Task A_hit_is_a_value_of_the_callers_own()
    {
        await using var test = await StartAsync();
        ValueTask<List<int>> ReadAsync() => test.Store.GetAsync(
            "key", static (_, _) => ValueTask.FromResult(new List<int> { 1, 2 }), cancellationToken: Cancellation);

        (await ReadAsync()).Add(3);
        var first = await ReadAsync();
        first.Add(3);
        var second = await ReadAsync();

        Assert.Equal([1, 2], second);
        Assert.NotSame(first, second);
    }

    [Fact]
    public async Task A_record_with_all_kinds_of_members_comes_back_equal()
    {
        await using var test = await StartAsync();
        var thing = new Thing(
            7, "Ünï\n\"quoted\"", 19.99m, new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.FromHours(2)), Guid.NewGuid(), null, DayOfWeek.Friday);
        ValueTask<Thing> ReadAsync() => test.Store.GetAsync("key", (_, _) => ValueTask.FromResult(thing), cancellationToken: Cancellation);

        Assert.Equal(thing, await ReadAsync());
        Assert.Equal(thing, await ReadAsync());
    }

    [Fact]
    public async Task An_entry_of_another_type_is_a_miss()
    {
        await using var test = await StartAsync();
        var loads = new CountedLoads();
        await loads.ReadAsync(test.Store, "key");

        Assert.Equal("text", await test.Store.GetAsync("key", (_, _) => ValueTask.FromResult("text"), cancellationToken: Cancellation));
        Assert.Equal("text", await test.Store.GetAsync("key", (_, _) => ValueTask.FromResult("other"), cancellationToken: Cancellation));
    }

    [Fact]
    public async Task A_load_that_fails_is_told_to_its_caller_and_nothing_is_cached()
    {
        await using var test = await StartAsync();
        var loads = new CountedLoads();

        await Assert.ThrowsAsync<TimeZoneNotFoundException>(async () => await loads.ReadAsync(
            test.Store, "key", load: _ => throw new TimeZoneNotFoundException()));

        Assert.Equal(1, await loads.ReadAsync(test.Store, "key"));
    }

    [Fact]
    public async Task A_load_knows_its_key_and_its_tags()
    {
        await using var test = await StartAsync();
        LoadContext? seen = null;

        await new CountedLoads().ReadAsync(test.Store, "key", load: context =>
        {
            seen = context;
            context.AddTags("one", "two");
            context.AddTag("one");
            Assert.True(context.IsCacheable);
        });

        Assert.Equal("key", seen!.Key);
        Assert.Equal(["one", "two"], seen.Tags);
    }

    [Fact]
    public async Task The_context_of_a_load_is_refused_when_the_load_has_returned()
    {
        await using var test = await StartAsync();
        LoadContext? seen = null;
        await new CountedLoads().ReadAsync(test.Store, "key", load: context => seen = context);

        Assert.Throws<ObjectDisposedException>(() => seen!.AddTag("tag"));
        Assert.Throws<ObjectDisposedException>(() => seen!.TimeToLive = TimeSpan.FromSeconds(1));
        Assert.Throws<ObjectDisposedException>(seen!.DoNotCache);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await seen!.ExecuteScalarAsync<int>("select 1", cancellationToken: Cancellation));
    }

    [Fact]
    public async Task A_type_that_does_not_survive_the_serializer_is_refused_at_first_use()
    {
        await using var test = await StartAsync();

        await Assert.ThrowsAsync<NotSupportedException>(async () => await test.Store.GetAsync(
            "key", (_, _) => ValueTask.FromResult((1, 2)), cancellationToken: Cancellation));
    }

    [Fact]
    public async Task A_load_may_read_another_key()
    {
        await using var test = await StartAsync();
        var inner = new CountedLoads();
        ValueTask<string> ReadAsync() => test.Store.GetAsync(
            "outer",
            async (_, _) => $"inner {await inner.ReadAsync(test.Store, "inner")}",
            cancellationToken: Cancellation);

        Assert.Equal("inner 1", await ReadAsync());
        Assert.Equal(1, await inner.ReadAsync(test.Store, "inner"));
        Assert.Equal("inner 1", await ReadAsync());
        Assert.Equal(1, inner.Runs);
    }

    [Fact]
    public async Task A_load_may_bring_its_own_access_to_the_database()
    {
        await using var test = await StartAsync();
        var runs = 0;
        ValueTask<int> ReadAsync() => test.Store.GetAsync("key", _ => Task.FromResult(++runs), cancellationToken: Cancellation);

        Assert.Equal(1, await ReadAsync());
        Assert.Equal(1, await ReadAsync());
    }

    private sealed record Thing(
        int Id, string Name, decimal Price, DateTimeOffset At, Guid Code, string? Nothing, DayOfWeek Day);
}
