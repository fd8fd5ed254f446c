namespace HybridStore.Testing.Tests.Recording;

/// <summary>What is recorded of reads.</summary>
public sealed class RecordedReadTests
{
    private readonly InMemoryHybridStore _store = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_read_is_recorded_with_its_outcome()
    {
        await ReadAsync(_store, "key");
        await ReadAsync(_store, "key");
        await ReadAsync(_store, "key", EntryOptions.Never);
        await ReadAsync(_store.With(new ReadOptions { SkipCache = true }), "view");

        Assert.Equal(
            ["key: Miss", "key: Hit", "key: PastCache", "view: PastCache"], _store.Reads.Select(read => read.ToString()));
        Assert.All(_store.Reads, read => Assert.Equal(typeof(int), read.ValueType));
        _store.ShouldHaveRead("key");
        _store.ShouldHaveRead("view", ReadOutcome.PastCache);
        _store.ShouldNotHaveRead("other");
    }

    [Fact]
    public async Task A_read_inside_a_load_is_recorded_by_its_own_key()
    {
        await _store.GetAsync("outer", async (_, _) => await ReadAsync(_store, "inner"), cancellationToken: Cancellation);
        await ReadAsync(_store, "after");

        Assert.Equal(["outer", "inner", "after"], _store.Reads.Select(read => read.Key));
    }

    [Fact]
    public async Task A_read_that_is_refused_is_not_recorded()
    {
        Assert.Throws<ArgumentException>(() => { _ = ReadAsync(_store, "").AsTask(); });
        await Assert.ThrowsAsync<ArgumentException>(async () => await ReadAsync(_store, "key", EntryOptions.Policy("nobody")));

        Assert.Empty(_store.Reads);
    }

    [Fact]
    public async Task Reads_of_many_threads_are_all_recorded()
    {
        await Parallel.ForAsync(0, 1000, Cancellation, async (i, _) => await ReadAsync(_store, $"key:{i % 10}"));

        Assert.Equal(1000, _store.Reads.Count);
        Assert.All(_store.Reads.GroupBy(read => read.Key), reads => Assert.Equal(100, reads.Count()));
        Assert.Equal(10, _store.Reads.Select(read => read.Key).Distinct().Count());
    }

    [Fact]
    public async Task Records_can_be_forgotten_and_entries_stay()
    {
        _store.Answer("select", 1);
        await _store.GetAsync<int>("key", "select 1", cancellationToken: Cancellation);
        await _store.InvalidateKeyAsync("other", Cancellation);
        var before = _store.Reads;

        _store.ClearRecords();

        Assert.Empty(_store.Reads);
        Assert.Empty(_store.Invalidations);
        Assert.Empty(_store.Statements);
        Assert.Single(before);
        await ReadAsync(_store, "key");
        _store.ShouldHaveRead("key", ReadOutcome.Hit);
    }

    private static ValueTask<int> ReadAsync(IHybridStore store, string key, EntryOptions? options = null) =>
        store.GetAsync(key, static (_, _) => ValueTask.FromResult(1), options, Cancellation);
}
