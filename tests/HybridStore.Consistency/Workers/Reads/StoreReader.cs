using HybridStore.Consistency.History;
using HybridStore.Consistency.Keys;

namespace HybridStore.Consistency.Workers.Reads;

/// <summary>Reads through the store: one key or several at once, with a token of this or another process, with a bound, past the cache.</summary>
internal sealed class StoreReader(IHybridStore store, KeyLayout layout, OperationLog log, TokenBoard tokens)
{
    private const int LargestBatch = 12;

    // Of some the journal falls short when its leader dies, of some it does not.
    private static readonly TimeSpan[] Bounds = [TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2)];

    private readonly StoreLoads _loads = new(layout);

    public async Task ReadAsync(Random random)
    {
        var choice = random.Next(100);
        if (choice < 10)
        {
            var calls = Enumerable.Range(0, random.Next(2, LargestBatch)).Select(_ => (Key: Any(random), Hold: LoadHolds.Any(random))).ToList();
            await Task.WhenAll(calls.Select(call => ReadAsync(call.Key, call.Hold, new ReadOptions())));
        }
        else if (choice < 13)
        {
            // What a page is built from is not read past the cache.
            var key = Any(random);
            await ReadAsync(
                key.Kind == KeyKind.Page ? key with { Kind = KeyKind.List } : key,
                LoadHolds.Any(random),
                new ReadOptions { SkipCache = true });
        }
        else if (choice < 28 && (choice < 21 ? tokens.TakeOwn() : tokens.TakeAny(random)) is var (token, row))
        {
            var keys = layout.KeysOf(row);
            await ReadAsync(keys[random.Next(keys.Length)], LoadHolds.Any(random), new ReadOptions { AtLeast = token });
        }
        else if (choice < 46)
        {
            var atLeast = random.Next(6) == 0 ? tokens.TakeAny(random)?.Token : null;
            var options = new ReadOptions { MaxStaleness = Bounds[random.Next(Bounds.Length)], AtLeast = atLeast ?? default };
            await ReadAsync(Any(random), LoadHolds.Any(random), options);
        }
        else
        {
            await ReadAsync(Any(random), LoadHolds.Any(random), new ReadOptions());
        }
    }

    /// <inheritdoc cref="LastReads"/>
    public Task ReadAtEndAsync() => new LastReads(store, layout, log, _loads).RunAsync();

    private SoakKey Any(Random random) => layout.Keys[random.Next(layout.Keys.Count)];

    private async Task ReadAsync(SoakKey key, TimeSpan hold, ReadOptions options)
    {
        // The view of the store through which a page reads its list, too.
        var call = new ReadCall(key, options == new ReadOptions() ? store : store.With(options)) { Hold = hold };
        var began = Clock.Now;
        try
        {
            var rows = await _loads.ReadAsync(call);
            log.Read(log.Returned(key, began, call.Loaded, rows.Select(row => row.ToVersion())) with
            {
                PastCache = options.SkipCache,
                Bound = options.MaxStaleness,
                Token = options.AtLeast.ToString(),
            });
        }
        catch (Exception error)
        {
            log.Failed(FailureRecord.Read, error);
        }
    }
}
