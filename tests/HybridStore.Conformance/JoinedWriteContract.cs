using System.Data;

namespace HybridStore.Conformance;

/// <summary>Writes that are begun inside others.</summary>
public abstract class JoinedWriteContract(IStoreBackend backend) : StoreContract(backend)
{
    [Fact]
    public async Task Nested_writes_are_invalidated_with_the_outer_one()
    {
        await using var test = await StartAsync();
        var loads = new CountedLoads();
        await loads.ReadAsync(test.Store, "one");
        await loads.ReadAsync(test.Store, "two");
        WriteReceipt? nested = null;

        var outer = await test.Store.WriteAsync(
            async (write, _) =>
            {
                write.Invalidate("one");
                nested = await InvalidatingAsync(test.Store, "two");
                Assert.Equal(InvalidationStatus.Pending, nested.Status);
                Assert.Null(nested.TransactionId);
                Assert.Equal(2, await loads.ReadAsync(test.Store, "two"));
                Assert.Equal(["one", "two"], write.InvalidatedKeys.Order());
            },
            cancellationToken: Cancellation);

        await nested!.WhenApplied(Cancellation);
        Assert.Equal(InvalidationStatus.Applied, nested.Status);
        Assert.Equal(outer.TransactionId, nested.TransactionId);
        Assert.Equal(3, await loads.ReadAsync(test.Store, "one"));
        Assert.Equal(4, await loads.ReadAsync(test.Store, "two"));
    }

    [Fact]
    public async Task An_outer_write_that_fails_takes_nested_ones_along()
    {
        await using var test = await StartAsync();
        var loads = new CountedLoads();
        await loads.ReadAsync(test.Store, "key");
        WriteReceipt? nested = null;

        await Assert.ThrowsAsync<TimeZoneNotFoundException>(() => test.Store.WriteAsync(
            async (_, _) =>
            {
                nested = await InvalidatingAsync(test.Store, "key");
                throw new TimeZoneNotFoundException();
            },
            cancellationToken: Cancellation));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => nested!.WhenApplied(Cancellation));
        Assert.Equal(InvalidationStatus.Pending, nested!.Status);
        Assert.Equal(1, await loads.ReadAsync(test.Store, "key"));
    }

    [Fact]
    public async Task A_nested_write_that_fails_takes_the_outer_one_along_even_if_its_exception_is_caught()
    {
        await using var test = await StartAsync();
        var loads = new CountedLoads();
        await loads.ReadAsync(test.Store, "key");

        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => test.Store.WriteAsync(
            async (write, _) =>
            {
                write.Invalidate("key");
                await Assert.ThrowsAsync<TimeZoneNotFoundException>(() => test.Store.WriteAsync(
                    (_, _) => throw new TimeZoneNotFoundException(), cancellationToken: Cancellation));
            },
            cancellationToken: Cancellation));

        Assert.Contains("NewTransaction", error.Message, StringComparison.Ordinal);
        Assert.Equal(1, await loads.ReadAsync(test.Store, "key"));
    }

    [Fact]
    public async Task A_nested_write_with_a_transaction_of_its_own_is_apart()
    {
        await using var test = await StartAsync();
        var loads = new CountedLoads();
        await loads.ReadAsync(test.Store, "own");
        await loads.ReadAsync(test.Store, "outer");

        await Assert.ThrowsAsync<TimeZoneNotFoundException>(() => test.Store.WriteAsync(
            async (write, _) =>
            {
                write.Invalidate("outer");
                var own = await InvalidatingAsync(test.Store, "own", new WriteOptions { NewTransaction = true });
                Assert.Equal(InvalidationStatus.Applied, own.Status);
                Assert.Equal(["outer"], write.InvalidatedKeys);
                throw new TimeZoneNotFoundException();
            },
            cancellationToken: Cancellation));

        Assert.Equal(3, await loads.ReadAsync(test.Store, "own"));
        Assert.Equal(2, await loads.ReadAsync(test.Store, "outer"));
    }

    [Fact]
    public async Task A_nested_write_that_asks_for_another_isolation_level_is_refused()
    {
        await using var test = await StartAsync();

        await Assert.ThrowsAsync<InvalidOperationException>(() => test.Store.WriteAsync(
            (_, _) => InvalidatingAsync(test.Store, "key", new WriteOptions { IsolationLevel = IsolationLevel.Serializable }),
            cancellationToken: Cancellation));
        await test.Store.WriteAsync(
            (_, _) => InvalidatingAsync(test.Store, "key", new WriteOptions { IsolationLevel = IsolationLevel.ReadCommitted }),
            cancellationToken: Cancellation);
    }

    [Fact]
    public async Task The_whole_is_strict_if_a_nested_write_asks_for_it()
    {
        await using var test = await StartAsync();

        var receipt = await test.Store.WriteAsync(
            (_, _) => InvalidatingAsync(test.Store, "key", new WriteOptions { Strict = true }), cancellationToken: Cancellation);

        Assert.True(receipt.IsStrict);
    }

    [Fact]
    public async Task Writes_after_a_write_are_by_themselves()
    {
        await using var test = await StartAsync();
        await InvalidatingAsync(test.Store, "one");

        var receipt = await InvalidatingAsync(test.Store, "two");

        Assert.Equal(InvalidationStatus.Applied, receipt.Status);
    }

    [Fact]
    public async Task A_view_joins_the_writes_of_its_store()
    {
        await using var test = await StartAsync();
        var view = test.Store.With(new ReadOptions { SkipCache = true });

        await test.Store.WriteAsync(
            async (write, _) =>
            {
                await InvalidatingAsync(view, "key");
                Assert.Equal(["key"], write.InvalidatedKeys);
            },
            cancellationToken: Cancellation);
    }

    private static Task<WriteReceipt> InvalidatingAsync(IHybridStore store, string key, WriteOptions? options = null) => store.WriteAsync(
        (write, _) =>
        {
            write.Invalidate(key);
            return Task.CompletedTask;
        },
        options,
        Cancellation);
}
