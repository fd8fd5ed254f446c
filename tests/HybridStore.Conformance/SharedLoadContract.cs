namespace HybridStore.Conformance;

/// <summary>Concurrent reads of one key, and callers who go.</summary>
public abstract class SharedLoadContract(IStoreBackend backend) : StoreContract(backend)
{
    [Fact]
    public async Task Callers_of_one_key_share_one_load()
    {
        await using var test = await StartAsync();
        var load = new HeldLoad(7);
        var reads = Enumerable.Range(0, 20).Select(_ => load.ReadAsync(test.Store, "key", Cancellation)).ToArray();
        await load.Started.WaitAsync(Cancellation);

        load.Release();

        Assert.All(await Task.WhenAll(reads), value => Assert.Equal(7, value));
        Assert.Equal(1, load.Runs);
    }

    [Fact]
    public async Task Callers_of_different_keys_share_nothing()
    {
        await using var test = await StartAsync();
        var load = new HeldLoad(7);
        var held = load.ReadAsync(test.Store, "held", Cancellation);
        await load.Started.WaitAsync(Cancellation);

        Assert.Equal(1, await new CountedLoads().ReadAsync(test.Store, "free"));

        load.Release();
        Assert.Equal(7, await held);
    }

    [Fact]
    public async Task A_caller_who_goes_leaves_the_load_to_the_others()
    {
        await using var test = await StartAsync();
        var load = new HeldLoad(7);
        var stays = load.ReadAsync(test.Store, "key", Cancellation);
        await load.Started.WaitAsync(Cancellation);
        using var leaving = new CancellationTokenSource();
        var goes = load.ReadAsync(test.Store, "key", leaving.Token);

        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => goes);
        Assert.False(load.Abandoned.IsCompleted);
        load.Release();
        Assert.Equal(7, await stays);
        Assert.Equal(1, load.Runs);
    }

    [Fact]
    public async Task A_load_is_cancelled_when_all_its_callers_have_gone()
    {
        await using var test = await StartAsync();
        var load = new HeldLoad(7);
        using var leaving = new CancellationTokenSource();
        var goes = load.ReadAsync(test.Store, "key", leaving.Token);
        await load.Started.WaitAsync(Cancellation);

        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => goes);
        await load.Abandoned.WaitAsync(Cancellation);
        Assert.Equal(1, await new CountedLoads().ReadAsync(test.Store, "key"));
    }

    [Fact]
    public async Task A_caller_who_has_gone_already_loads_nothing()
    {
        await using var test = await StartAsync();
        var load = new HeldLoad(7);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => load.ReadAsync(test.Store, "key", new CancellationToken(canceled: true)));

        Assert.Equal(0, load.Runs);
    }

    [Fact]
    public async Task A_failure_is_told_to_all_who_wait()
    {
        await using var test = await StartAsync();
        var (started, failing) = (new TaskCompletionSource(), new TaskCompletionSource());
        Task<int> ReadAsync() => test.Store.GetAsync<int>(
            "key",
            async (_, _) =>
            {
                started.TrySetResult();
                await failing.Task;
                throw new TimeZoneNotFoundException();
            },
            cancellationToken: Cancellation).AsTask();
        var reads = Enumerable.Range(0, 5).Select(_ => ReadAsync()).ToArray();
        await started.Task.WaitAsync(Cancellation);

        failing.SetResult();

        foreach (var read in reads)
        {
            await Assert.ThrowsAsync<TimeZoneNotFoundException>(() => read);
        }
    }

    [Fact]
    public async Task What_must_not_be_cached_joins_nobody()
    {
        await using var test = await StartAsync();
        var load = new HeldLoad(7);
        var held = load.ReadAsync(test.Store, "key", Cancellation);
        await load.Started.WaitAsync(Cancellation);

        Assert.Equal(1, await new CountedLoads().ReadAsync(test.Store, "key", EntryOptions.Never));

        load.Release();
        Assert.Equal(7, await held);
    }
}
