namespace HybridStore.Conformance;

/// <summary>Writes: what they name, and when it is invalidated. Their statements are another matter.</summary>
public abstract class WriteContract(IStoreBackend backend) : StoreContract(backend)
{
    [Fact]
    public async Task What_a_write_names_is_invalidated_after_it_and_not_before()
    {
        await using var test = await StartAsync();
        var loads = new CountedLoads();
        await loads.ReadAsync(test.Store, "one");
        await loads.ReadTaggedAsync(test.Store, "two", "tag");
        await loads.ReadAsync(test.Store, "three");

        var receipt = await test.Store.WriteAsync(
            async (write, _) =>
            {
                write.Invalidate("one");
                write.InvalidateTag("tag");
                Assert.Equal(1, await loads.ReadAsync(test.Store, "one"));
                Assert.Equal(2, await loads.ReadTaggedAsync(test.Store, "two", "tag"));
            },
            cancellationToken: Cancellation);

        Assert.Equal(InvalidationStatus.Applied, receipt.Status);
        await receipt.WhenApplied(Cancellation);
        Assert.Equal(4, await loads.ReadAsync(test.Store, "one"));
        Assert.Equal(5, await loads.ReadTaggedAsync(test.Store, "two", "tag"));
        Assert.Equal(3, await loads.ReadAsync(test.Store, "three"));
    }

    [Fact]
    public async Task A_write_that_fails_invalidates_nothing_and_its_exception_is_the_callers()
    {
        await using var test = await StartAsync();
        var loads = new CountedLoads();
        await loads.ReadTaggedAsync(test.Store, "key", "tag");

        await Assert.ThrowsAsync<TimeZoneNotFoundException>(() => test.Store.WriteAsync(
            (write, _) =>
            {
                write.Invalidate("key");
                write.InvalidateTag("tag");
                throw new TimeZoneNotFoundException();
            },
            cancellationToken: Cancellation));

        Assert.Equal(1, await loads.ReadTaggedAsync(test.Store, "key", "tag"));
    }

    [Fact]
    public async Task A_write_that_is_cancelled_before_its_commit_invalidates_nothing()
    {
        await using var test = await StartAsync();
        var loads = new CountedLoads();
        await loads.ReadAsync(test.Store, "key");
        using var cancelling = new CancellationTokenSource();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => test.Store.WriteAsync(
            async (write, _) =>
            {
                write.Invalidate("key");
                await cancelling.CancelAsync();
            },
            cancellationToken: cancelling.Token));

        Assert.Equal(1, await loads.ReadAsync(test.Store, "key"));
    }

    [Fact]
    public async Task A_write_that_is_cancelled_beforehand_does_not_begin()
    {
        await using var test = await StartAsync();
        var runs = 0;

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => test.Store.WriteAsync(
            (_, _) => Task.FromResult(++runs), cancellationToken: new CancellationToken(canceled: true)));

        Assert.Equal(0, runs);
    }

    [Fact]
    public async Task A_write_returns_a_result()
    {
        await using var test = await StartAsync();

        var receipt = await test.Store.WriteAsync<string>((_, _) => Task.FromResult("result"), cancellationToken: Cancellation);

        Assert.Equal("result", receipt.Result);
        Assert.Equal(InvalidationStatus.Applied, receipt.Status);
    }

    [Fact]
    public async Task A_write_that_has_written_nothing_has_no_transaction_id_and_its_token_asks_for_nothing()
    {
        await using var test = await StartAsync();

        var receipt = await test.Store.WriteAsync((_, _) => Task.CompletedTask, cancellationToken: Cancellation);

        Assert.Null(receipt.TransactionId);
        Assert.Equal(default, receipt.Token);
        Assert.False(receipt.IsStrict);
    }

    [Fact]
    public async Task What_is_named_is_listed_once_each()
    {
        await using var test = await StartAsync();

        await test.Store.WriteAsync(
            (write, _) =>
            {
                write.Invalidate("key");
                write.Invalidate("key");
                write.InvalidateTag("tag");
                write.InvalidateTag("tag");
                Assert.Equal(["key"], write.InvalidatedKeys);
                Assert.Equal(["tag"], write.InvalidatedTags);
                return Task.CompletedTask;
            },
            cancellationToken: Cancellation);
    }

    [Fact]
    public async Task The_context_of_a_write_is_refused_when_the_write_has_ended()
    {
        await using var test = await StartAsync();
        WriteContext? seen = null;
        await test.Store.WriteAsync(
            (write, _) =>
            {
                seen = write;
                return Task.CompletedTask;
            },
            cancellationToken: Cancellation);

        Assert.Throws<InvalidOperationException>(() => seen!.Invalidate("key"));
        Assert.Throws<InvalidOperationException>(() => seen!.InvalidateTag("tag"));
    }

    [Fact]
    public async Task The_store_commits_its_writes_itself()
    {
        await using var test = await StartAsync();

        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => test.Store.WriteAsync(
            (write, token) => write.CommitAsync(token), cancellationToken: Cancellation));

        Assert.Contains("Enlist", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_malformed_name_fails_the_write()
    {
        await using var test = await StartAsync();
        var loads = new CountedLoads();
        await loads.ReadAsync(test.Store, "key");

        await Assert.ThrowsAsync<ArgumentException>(() => test.Store.WriteAsync(
            (write, _) =>
            {
                write.Invalidate("key");
                write.Invalidate("");
                return Task.CompletedTask;
            },
            cancellationToken: Cancellation));

        Assert.Equal(1, await loads.ReadAsync(test.Store, "key"));
    }

    [Fact]
    public async Task A_write_is_strict_where_it_asks_for_it()
    {
        await using var test = await StartAsync();
        var loads = new CountedLoads();
        await loads.ReadAsync(test.Store, "key");
        Task<WriteReceipt> WriteAsync(WriteOptions? options) => test.Store.WriteAsync(
            (write, _) =>
            {
                write.Invalidate("key");
                return Task.CompletedTask;
            },
            options,
            Cancellation);

        Assert.False((await WriteAsync(null)).IsStrict);
        Assert.True((await WriteAsync(new WriteOptions { Strict = true, OnFenceFailure = OnFenceFailure.Abort })).IsStrict);
        Assert.Equal(2, await loads.ReadAsync(test.Store, "key"));
    }

    [Fact]
    public async Task A_store_whose_writes_are_strict_says_so()
    {
        await using var test = await StartAsync(options => options.StrictWrites = true);

        Assert.True((await test.Store.WriteAsync((_, _) => Task.CompletedTask, cancellationToken: Cancellation)).IsStrict);
        Assert.False((await test.Store.WriteAsync(
            (_, _) => Task.CompletedTask, new WriteOptions { Strict = false }, Cancellation)).IsStrict);
    }
}
