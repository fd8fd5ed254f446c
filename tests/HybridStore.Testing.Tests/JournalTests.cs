namespace HybridStore.Testing.Tests;

/// <summary>Code that asks for what the journal gives runs in unit tests as it is.</summary>
public sealed class JournalTests
{
    private readonly InMemoryHybridStore _store = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_read_with_a_bound_is_answered_by_the_cache()
    {
        var bounded = _store.With(new ReadOptions { MaxStaleness = TimeSpan.FromSeconds(1) });
        Assert.Equal(1, await bounded.GetAsync("key", (_, _) => new ValueTask<int>(1), cancellationToken: Cancellation));
        Assert.Equal(1, await bounded.GetAsync("key", (_, _) => new ValueTask<int>(2), cancellationToken: Cancellation));
    }

    [Fact]
    public async Task A_durable_write_says_so_and_invalidates()
    {
        await _store.GetAsync("key", (_, _) => new ValueTask<int>(1), cancellationToken: Cancellation);
        var receipt = await _store.WriteAsync(
            (write, _) =>
            {
                write.Invalidate("key");
                return Task.CompletedTask;
            },
            new WriteOptions { Durability = InvalidationDurability.Journal },
            Cancellation);

        Assert.True(receipt.IsDurable);
        Assert.Equal(2, await _store.GetAsync("key", (_, _) => new ValueTask<int>(2), cancellationToken: Cancellation));
    }
}
