using HybridStore.Tests.Writing;

namespace HybridStore.Tests.Api;

/// <summary>Every shape of a write and of an invalidation that an application writes naturally.</summary>
public class WriteCallsTests
{
    private static readonly KeyTemplate<int> ProductKey = new("product:{id}");
    private static readonly KeyTemplate<int> OrgTag = new("org:{id}");
    private static readonly WriteOptions Repeatable = new() { MaxAttempts = 3 };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_write_without_a_result_is_an_async_or_a_plain_lambda_or_a_method_group()
    {
        await using var transaction = await TransactionStub.BeginAsync();
        var store = new RecordingStore(transaction);

        WriteReceipt asynchronous = await store.WriteAsync(
            async (write, token) =>
            {
                await Task.Yield();
                write.Invalidate(ProductKey.For(42));
                write.InvalidateTag(OrgTag.For(7));
            },
            Repeatable,
            Cancellation);
        Assert.Equal(["product:42"], store.Written!.InvalidatedKeys);
        Assert.Equal(["org:7"], store.Written.InvalidatedTags);
        Assert.Same(Repeatable, store.WriteOptions);
        Assert.Equal(Cancellation, store.Token);
        WriteReceipt plain = await store.WriteAsync((_, _) => Task.CompletedTask, cancellationToken: Cancellation);
        WriteReceipt group = await store.WriteAsync(DeleteAsync, cancellationToken: Cancellation);

        Assert.Equal((7ul, 7ul, 7ul), (asynchronous.TransactionId, plain.TransactionId, group.TransactionId));
        Assert.Equal(InvalidationStatus.Applied, plain.Status);
        await plain.WhenApplied(Cancellation);
    }

    [Fact]
    public async Task A_write_whose_lambda_returns_a_value_gives_it_back_without_naming_its_type()
    {
        await using var transaction = await TransactionStub.BeginAsync();
        var store = new RecordingStore(transaction);

        WriteReceipt<int> number = await store.WriteAsync(
            async (write, token) =>
            {
                await Task.Yield();
                return 42;
            },
            Repeatable,
            Cancellation);
        WriteReceipt<string?> text = await store.WriteAsync(
            async (write, _) =>
            {
                write.Invalidate("user:1");
                return await Task.FromResult<string?>(null);
            },
            cancellationToken: Cancellation);

        Assert.Equal(42, number.Result);
        Assert.Equal(7ul, number.TransactionId);
        Assert.Null(text.Result);
        Assert.Equal(["user:1"], store.Written!.InvalidatedKeys);
    }

    [Fact]
    public async Task A_write_whose_lambda_is_a_single_call_gives_its_result_back_where_the_type_is_named()
    {
        await using var transaction = await TransactionStub.BeginAsync();
        var store = new RecordingStore(transaction);

        WriteReceipt<int> plain = await store.WriteAsync<int>((_, _) => Task.FromResult(42), cancellationToken: Cancellation);
        WriteReceipt<int> awaited = await store.WriteAsync<int>(
            async (_, token) => await InsertAsync(token), Repeatable, Cancellation);
        WriteReceipt without = await store.WriteAsync((_, token) => InsertAsync(token), cancellationToken: Cancellation);

        Assert.Equal((42, 42), (plain.Result, awaited.Result));
        Assert.Equal(typeof(WriteReceipt), without.GetType());
    }

    [Fact]
    public async Task A_write_that_throws_throws_its_own_exception()
    {
        await using var transaction = await TransactionStub.BeginAsync();
        var store = new RecordingStore(transaction);

        await Assert.ThrowsAsync<FormatException>(
            () => store.WriteAsync<int>((_, _) => throw new FormatException(), cancellationToken: Cancellation));
        await Assert.ThrowsAsync<ArgumentNullException>(
            "write", () => store.WriteAsync<int>(null!, cancellationToken: Cancellation));
    }

    [Fact]
    public async Task Invalidations_name_one_or_many_keys_or_tags_or_all_of_it()
    {
        var store = new RecordingStore();

        InvalidationReceipt receipt = await store.InvalidateKeyAsync(ProductKey.For(42), Cancellation);
        Assert.Equal(["product:42"], store.Invalidated!.Keys);
        Assert.Empty(store.Invalidated.Tags);
        Assert.Equal(InvalidationStatus.Applied, receipt.Status);
        await store.InvalidateKeysAsync(["user:1", "user:2"], Cancellation);
        Assert.Equal(["user:1", "user:2"], store.Invalidated!.Keys);
        await store.InvalidateKeysAsync(Enumerable.Range(1, 3).Select(ProductKey.For), Cancellation);
        Assert.Equal(["product:1", "product:2", "product:3"], store.Invalidated!.Keys);
        await store.InvalidateTagAsync(OrgTag.For(7), Cancellation);
        Assert.Equal(["org:7"], store.Invalidated!.Tags);
        Assert.Empty(store.Invalidated.Keys);
        await store.InvalidateTagsAsync(new HashSet<string> { "org:7" }, Cancellation);
        Assert.Equal(["org:7"], store.Invalidated!.Tags);
        await store.InvalidateAsync(Invalidation.OfKeys("a", "b") with { Tags = ["t"], TransactionId = 9 }, Cancellation);
        Assert.Equal(["a", "b"], store.Invalidated!.Keys);
        Assert.Equal(9ul, store.Invalidated.TransactionId);
        await store.InvalidateAsync(Invalidation.OfTags("t"), Cancellation);
        Assert.Equal(["t"], store.Invalidated!.Tags);
        Assert.Equal(Cancellation, store.Token);
    }

    private static Task DeleteAsync(WriteContext write, CancellationToken cancellationToken) => Task.CompletedTask;

    private static Task<int> InsertAsync(CancellationToken cancellationToken) => Task.FromResult(42);
}
