namespace HybridStore.Conformance;

/// <summary>Loads that return how often they were run: a value that comes twice comes from the cache.</summary>
internal sealed class CountedLoads
{
    private int _runs;

    public int Runs => Volatile.Read(ref _runs);

    public ValueTask<int> ReadAsync(
        IHybridStore store, string key, EntryOptions? options = null, Action<LoadContext>? load = null) =>
        store.GetAsync(
            key,
            (context, _) =>
            {
                load?.Invoke(context);
                return ValueTask.FromResult(Interlocked.Increment(ref _runs));
            },
            options,
            TestContext.Current.CancellationToken);

    public ValueTask<int> ReadTaggedAsync(IHybridStore store, string key, params string[] tags) =>
        ReadAsync(store, key, load: context => context.AddTags(tags));
}
