namespace HybridStore.Conformance;

/// <summary>What is wrong with a batch, or with what its load returns, is told with its position.</summary>
public abstract class RefusedBatchContract(IStoreBackend backend) : StoreContract(backend)
{
    [Fact]
    public async Task A_load_that_returns_what_nobody_asked_for_is_refused_with_its_position()
    {
        await using var test = await StartAsync();

        var error = await Assert.ThrowsAsync<InvalidOperationException>(async () => await test.Store.GetManyAsync(
            [1, 2],
            static id => $"thing:{id}",
            static (_, _, _) => ValueTask.FromResult<IReadOnlyList<BatchedThing>>([new BatchedThing(1, 0), new BatchedThing(7, 0)]),
            static thing => thing.Id,
            cancellationToken: Cancellation));

        Assert.Contains("row 1", error.Message, StringComparison.Ordinal);
        Assert.Contains("\"7\"", error.Message, StringComparison.Ordinal);
        Assert.False((await test.Store.TryGetAsync<BatchedThing>("thing:1", cancellationToken: Cancellation)).HasValue);
    }

    [Fact]
    public async Task A_load_that_returns_a_row_twice_is_refused_with_its_position()
    {
        await using var test = await StartAsync();

        var error = await Assert.ThrowsAsync<InvalidOperationException>(async () => await test.Store.GetManyAsync(
            [1, 2],
            static id => $"thing:{id}",
            static (_, _, _) => ValueTask.FromResult<IReadOnlyList<BatchedThing>>([new BatchedThing(1, 0), new BatchedThing(1, 0)]),
            static thing => thing.Id,
            cancellationToken: Cancellation));

        Assert.Contains("row 1", error.Message, StringComparison.Ordinal);
        Assert.Contains("second time", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_load_that_returns_a_null_row_is_refused_with_its_position()
    {
        await using var test = await StartAsync();

        var error = await Assert.ThrowsAsync<InvalidOperationException>(async () => await test.Store.GetManyAsync(
            [1, 2],
            static id => $"thing:{id}",
            static (_, _, _) => ValueTask.FromResult<IReadOnlyList<BatchedThing>>([new BatchedThing(1, 0), null!]),
            static thing => thing.Id,
            cancellationToken: Cancellation));

        Assert.Contains("row 1", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_id_that_is_null_is_refused_with_its_position()
    {
        await using var test = await StartAsync();

        var error = await Assert.ThrowsAsync<ArgumentNullException>(async () => await test.Store.GetManyAsync(
            ["a", null!, "c"],
            static id => id,
            static (_, _, _) => ValueTask.FromResult<IReadOnlyList<string>>([]),
            static text => text,
            cancellationToken: Cancellation));

        Assert.Equal("ids[1]", error.ParamName);
    }

    [Fact]
    public async Task Two_ids_with_one_key_are_refused()
    {
        await using var test = await StartAsync();

        var error = await Assert.ThrowsAsync<ArgumentException>(async () => await test.Store.GetManyAsync(
            [1, 2],
            static _ => "thing",
            static (_, _, _) => ValueTask.FromResult<IReadOnlyList<BatchedThing>>([]),
            static thing => thing.Id,
            cancellationToken: Cancellation));

        Assert.Contains("ids[1]", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_malformed_key_is_refused_with_its_position()
    {
        await using var test = await StartAsync();

        var error = await Assert.ThrowsAsync<ArgumentException>(async () => await test.Store.GetManyAsync(
            [1, 2],
            static id => id == 2 ? "" : "thing:1",
            static (_, _, _) => ValueTask.FromResult<IReadOnlyList<BatchedThing>>([]),
            static thing => thing.Id,
            cancellationToken: Cancellation));

        Assert.Equal("ids[1]", error.ParamName);
    }

    [Fact]
    public async Task A_load_that_fails_is_told_to_its_caller_and_the_next_one_loads()
    {
        await using var test = await StartAsync();
        var loads = new BatchLoads { Say = static _ => throw new TimeZoneNotFoundException() };

        await Assert.ThrowsAsync<TimeZoneNotFoundException>(async () => await loads.ReadAsync(test.Store, 1, 2));

        loads.Say = null;
        Assert.Equal([2, 2], (await loads.ReadAsync(test.Store, 1, 2)).Select(thing => thing!.Run));
    }
}
