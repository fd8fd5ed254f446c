namespace HybridStore.Testing.Tests.Recording;

/// <summary>Expectations, met and not.</summary>
public sealed class AssertionTests
{
    private readonly InMemoryHybridStore _store = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Expectations_of_invalidations_are_met_by_what_was_named()
    {
        await InvalidateByWriteAsync();

        _store.ShouldHaveInvalidated("product:1");
        _store.ShouldNotHaveInvalidated("product:2");
        _store.ShouldHaveInvalidatedTag("products");
        _store.ShouldNotHaveInvalidatedTag("product:1");
    }

    [Fact]
    public async Task What_is_not_met_is_told_with_what_was_recorded()
    {
        await InvalidateByWriteAsync();
        await _store.InvalidateKeyAsync("product:3", Cancellation);

        var error = Assert.Throws<HybridStoreAssertionException>(() => _store.ShouldHaveInvalidated("product:2"));

        Assert.Contains("\"product:2\"", error.Message, StringComparison.Ordinal);
        Assert.Contains("Write: keys product:1; tags products", error.Message, StringComparison.Ordinal);
        Assert.Contains("Call: keys product:3; tags none", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_expectation_fails_where_it_is_not_met()
    {
        Assert.Contains("none", Fails(() => _store.ShouldHaveInvalidated("product:1")), StringComparison.Ordinal);
        Fails(() => _store.ShouldHaveInvalidatedTag("products"));
        Fails(_store.ShouldHaveFlushed);
        Fails(() => _store.ShouldHaveRead("product:1"));
        Fails(() => _store.ShouldHaveRead("product:1", ReadOutcome.Miss));
        Fails(() => _store.ShouldHaveExecuted("select"));
        _store.ShouldHaveInvalidatedNothing();

        _store.Answer("select", 1);
        await InvalidateByWriteAsync();
        await _store.GetAsync<int>("product:1", "select 1", cancellationToken: Cancellation);

        Fails(() => _store.ShouldNotHaveInvalidated("product:1"));
        Fails(() => _store.ShouldNotHaveInvalidatedTag("products"));
        Fails(_store.ShouldHaveInvalidatedNothing);
        Fails(() => _store.ShouldNotHaveRead("product:1"));
        Assert.Contains("product:1: Miss", Fails(() => _store.ShouldHaveRead("product:1", ReadOutcome.Hit)), StringComparison.Ordinal);
        Assert.Contains("select 1", Fails(() => _store.ShouldNotHaveExecuted("SELECT")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_flush_is_no_invalidation_of_a_key()
    {
        await _store.FlushAsync(Cancellation);

        _store.ShouldHaveFlushed();
        _store.ShouldNotHaveInvalidated("product:1");
        Assert.Contains("Flush: everything", Fails(_store.ShouldHaveInvalidatedNothing), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_rolled_back_is_not_recorded_and_what_joins_is_recorded_once()
    {
        await Assert.ThrowsAsync<TimeZoneNotFoundException>(() => _store.WriteAsync(
            (write, _) =>
            {
                write.Invalidate("lost");
                throw new TimeZoneNotFoundException();
            },
            cancellationToken: Cancellation));
        _store.ShouldHaveInvalidatedNothing();

        await _store.WriteAsync(
            async (write, _) =>
            {
                write.Invalidate("outer");
                await InvalidateByWriteAsync();
            },
            cancellationToken: Cancellation);

        var invalidation = Assert.Single(_store.Invalidations);
        Assert.Equal(["outer", "product:1"], invalidation.Keys);
        Assert.Equal(["products"], invalidation.Tags);
        Assert.Equal((InvalidationCause.Write, InvalidationStatus.Applied), (invalidation.Cause, invalidation.Status));
    }

    private static string Fails(Action expectation) => Assert.Throws<HybridStoreAssertionException>(expectation).Message;

    private Task<WriteReceipt> InvalidateByWriteAsync() => _store.WriteAsync(
        (write, _) =>
        {
            write.Invalidate("product:1");
            write.InvalidateTag("products");
            return Task.CompletedTask;
        },
        cancellationToken: Cancellation);
}
