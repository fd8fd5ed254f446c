namespace HybridStore.Testing.Tests.Outages;

/// <summary>Redis, switched off by the test.</summary>
public sealed class RedisDownTests
{
    private readonly InMemoryHybridStore _store = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Reads_go_to_the_load_and_store_nothing()
    {
        _store.Seed("cached", 1);
        _store.IsRedisDown = true;

        Assert.Equal(7, await ReadAsync("cached", 7));
        Assert.Equal(8, await ReadAsync("new", 8));
        Assert.Equal(9, await ReadAsync("new", 9));
        _store.ShouldHaveRead("new", ReadOutcome.RedisDown);

        _store.IsRedisDown = false;
        Assert.Equal(1, await ReadAsync("cached", 7));
        Assert.Equal(10, await ReadAsync("new", 10));
    }

    [Fact]
    public async Task Invalidations_wait_and_their_keys_are_loaded_until_they_are_applied()
    {
        _store.Seed("key", 1);
        _store.Seed("tagged", 1, null, "tag");
        _store.IsRedisDown = true;

        var write = await WriteAsync("key");
        var call = await _store.InvalidateTagAsync("tag", Cancellation);

        Assert.Equal((InvalidationStatus.Pending, InvalidationStatus.Pending), (write.Status, call.Status));
        Assert.All(_store.Invalidations, invalidation => Assert.Equal(InvalidationStatus.Pending, invalidation.Status));
        _store.ShouldHaveInvalidated("key");
        Assert.Equal(2, await ReadAsync("key", 2));
        _store.ShouldHaveRead("key", ReadOutcome.InvalidationPending);
        Assert.Equal(EntryVerdict.InvalidationPending, (await _store.ExplainAsync("key", Cancellation)).Verdict);

        _store.IsRedisDown = false;
        await write.WhenApplied(Cancellation);
        Assert.Equal((InvalidationStatus.Applied, InvalidationStatus.Applied), (write.Status, call.Status));
        Assert.Equal((3, 3), (await ReadAsync("key", 3), await ReadAsync("tagged", 3)));
    }

    [Fact]
    public async Task A_flush_waits_too()
    {
        _store.Seed("key", 1);
        _store.IsRedisDown = true;
        var receipt = await _store.FlushAsync(Cancellation);
        Assert.Equal(InvalidationStatus.Pending, receipt.Status);

        _store.IsRedisDown = false;

        await receipt.WhenApplied(Cancellation);
        Assert.False(_store.IsCached("key"));
    }

    [Fact]
    public async Task A_strict_write_is_not_strict_or_aborts()
    {
        _store.Answer("update", 1);
        _store.IsRedisDown = true;

        Assert.False((await WriteAsync("key", new WriteOptions { Strict = true })).IsStrict);
        await Assert.ThrowsAsync<FencesNotSetException>(
            () => WriteAsync("aborted", new WriteOptions { Strict = true, OnFenceFailure = OnFenceFailure.Abort }));

        _store.ShouldNotHaveInvalidated("aborted");
        _store.IsRedisDown = false;
        Assert.True((await WriteAsync("key", new WriteOptions { Strict = true })).IsStrict);
    }

    [Fact]
    public async Task It_is_explained()
    {
        _store.IsRedisDown = true;

        var explanation = await _store.ExplainAsync("key", Cancellation);

        Assert.Equal((EntryVerdict.RedisFailed, RedisCircuit.Open), (explanation.Verdict, explanation.Circuit));
        Assert.Contains("switched off", explanation.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_load_that_began_before_stores_nothing_and_one_that_ends_after_stores_nothing_either()
    {
        var (asked, given) = (new TaskCompletionSource(), new TaskCompletionSource<object?>());
        _store.Answer("select", (_, token) =>
        {
            asked.TrySetResult();
            return given.Task.WaitAsync(token);
        });
        var read = _store.GetAsync<int>("key", "select", cancellationToken: Cancellation).AsTask();
        await asked.Task.WaitAsync(Cancellation);
        _store.IsRedisDown = true;

        given.SetResult(7);

        Assert.Equal(7, await read);
        _store.IsRedisDown = false;
        Assert.False(_store.IsCached("key"));
    }

    private ValueTask<int> ReadAsync(string key, int value) =>
        _store.GetAsync(key, (_, _) => ValueTask.FromResult(value), cancellationToken: Cancellation);

    private Task<WriteReceipt> WriteAsync(string key, WriteOptions? options = null) => _store.WriteAsync(
        async (write, token) =>
        {
            write.Invalidate(key);
            if (options is not null)
            {
                await write.ExecuteAsync("update", null, token);
            }
        },
        options,
        Cancellation);
}
