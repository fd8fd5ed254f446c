namespace HybridStore.Conformance;

/// <summary>Batches beside other callers, and callers who wait for them in vain.</summary>
public abstract class SharedBatchContract(IStoreBackend backend) : StoreContract(backend)
{
    [Fact]
    public async Task A_batch_that_fails_is_answered_with_what_is_past_its_expiry_where_that_is_wanted()
    {
        await using var test = await StartAsync();
        var brief = TimeSpan.FromMilliseconds(200);
        var loads = new BatchLoads
        {
            Options = new EntryOptions { TimeToLive = brief, Jitter = 0, Beta = 0, StaleOnError = TimeSpan.FromHours(1) },
        };
        var first = await loads.ReadAsync(test.Store, 1, 2);
        test.Elapse(brief);
        loads.Say = static _ => throw new TimeZoneNotFoundException();

        IReadOnlyList<BatchedThing?> again;
        do
        {
            again = await loads.ReadAsync(test.Store, 2, 1);
        }
        while (loads.Asked.Count == 1);

        Assert.Equal(first.Reverse(), again);
        await test.Store.InvalidateAsync(new Invalidation { Keys = ["thing:2"] }, Cancellation);
        await Assert.ThrowsAsync<TimeZoneNotFoundException>(async () => await loads.ReadAsync(test.Store, 2, 1));
        Assert.Equal(first[0], Assert.Single(await loads.ReadAsync(test.Store, 1)));
    }

    [Fact]
    public async Task A_batch_waits_no_longer_than_the_hard_time_out()
    {
        await using var test = await StartAsync();
        var loads = new BatchLoads
        {
            Until = new TaskCompletionSource().Task,
            Options = new EntryOptions { HardLoadTimeout = TimeSpan.FromMilliseconds(300) },
        };
        var reading = loads.ReadAsync(test.Store, 1, 2).AsTask();
        await loads.Started.WaitAsync(Cancellation);

        await PassUntilAsync(test, reading, TimeSpan.FromMilliseconds(300));

        await Assert.ThrowsAsync<HybridStoreLoadTimeoutException>(() => reading);
        await loads.Cancelled.WaitAsync(Cancellation);
    }

    [Fact]
    public async Task Two_batches_that_want_each_others_keys_in_another_order_load_each_key_once()
    {
        await using var test = await StartAsync();
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var loads = new BatchLoads { Until = gate.Task };
        var first = loads.ReadAsync(test.Store, 1, 2).AsTask();
        var second = loads.ReadAsync(test.Store, 3, 2, 1).AsTask();
        var third = loads.ReadAsync(test.Store, 2, 4, 3).AsTask();

        gate.SetResult();

        Assert.Equal([1, 2], (await first).Select(thing => thing!.Id));
        Assert.Equal([3, 2, 1], (await second).Select(thing => thing!.Id));
        Assert.Equal([2, 4, 3], (await third).Select(thing => thing!.Id));
        Assert.Equal([1, 2, 3, 4], loads.Asked.SelectMany(ids => ids).Order());
    }

    [Fact]
    public async Task A_single_read_shares_the_load_of_a_batch()
    {
        await using var test = await StartAsync();
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var loads = new BatchLoads { Until = gate.Task };
        var batch = loads.ReadAsync(test.Store, 1, 2).AsTask();
        await loads.Started.WaitAsync(Cancellation);
        var single = test.Store.GetAsync("thing:2", (_, _) => ValueTask.FromResult(new BatchedThing(2, 99)), cancellationToken: Cancellation);

        gate.SetResult();

        Assert.Equal(1, (await single).Run);
        await batch;
    }

    [Fact]
    public async Task A_batch_takes_what_a_single_read_is_loading()
    {
        await using var test = await StartAsync();
        var (started, gate) = (new TaskCompletionSource(), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        var single = test.Store.GetAsync(
            "thing:2",
            async (_, token) =>
            {
                started.SetResult();
                await gate.Task.WaitAsync(token);
                return new BatchedThing(2, 99);
            },
            cancellationToken: Cancellation).AsTask();
        await started.Task.WaitAsync(Cancellation);
        var loads = new BatchLoads();
        var batch = loads.ReadAsync(test.Store, 1, 2).AsTask();
        await loads.Started.WaitAsync(Cancellation);

        gate.SetResult();

        Assert.Equal([new BatchedThing(1, 1), new BatchedThing(2, 99)], await batch);
        Assert.Equal([1], Assert.Single(loads.Asked));
        await single;
    }

    [Fact]
    public async Task A_caller_who_goes_leaves_the_load_of_a_batch_to_the_others()
    {
        await using var test = await StartAsync();
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var loads = new BatchLoads { Until = gate.Task };
        var stays = loads.ReadAsync(test.Store, 1, 2).AsTask();
        await loads.Started.WaitAsync(Cancellation);
        using var leaving = new CancellationTokenSource();
        var goes = loads.ReadAsync(test.Store, leaving.Token, 2).AsTask();

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => goes);
        gate.SetResult();

        Assert.Equal([new BatchedThing(1, 1), new BatchedThing(2, 1)], await stays);
        Assert.False(loads.WasCancelled);
    }

    [Fact]
    public async Task The_load_of_a_batch_is_cancelled_when_all_callers_of_all_its_keys_have_gone()
    {
        await using var test = await StartAsync();
        var loads = new BatchLoads { Until = new TaskCompletionSource().Task };
        using var leaving = new CancellationTokenSource();
        var goes = loads.ReadAsync(test.Store, leaving.Token, 1, 2).AsTask();
        await loads.Started.WaitAsync(Cancellation);

        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => goes);
        await loads.Cancelled.WaitAsync(Cancellation);
        foreach (var key in (string[])["thing:1", "thing:2"])
        {
            // A batch that comes while one lease is given back and the other is not yet loads twice.
            await Eventually.HappensAsync(async () => (await test.Store.ExplainAsync(key, Cancellation)) is { LookedAt: not null, Lease: null });
        }

        loads.Until = null;
        Assert.Equal([2, 2], (await loads.ReadAsync(test.Store, 1, 2)).Select(thing => thing!.Run));
    }

    [Fact]
    public async Task A_batch_in_a_load_is_part_of_that_load()
    {
        await using var test = await StartAsync();
        var loads = new BatchLoads();

        var sum = await test.Store.GetAsync(
            "sum",
            async (_, _) => (await loads.ReadAsync(test.Store, 1, 2)).Sum(thing => thing!.Id),
            cancellationToken: Cancellation);

        Assert.Equal(3, sum);
        Assert.True((await test.Store.TryGetAsync<BatchedThing>("thing:1", cancellationToken: Cancellation)).HasValue);
    }
}
