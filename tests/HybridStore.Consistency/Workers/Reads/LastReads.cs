using HybridStore.Consistency.History;
using HybridStore.Consistency.Keys;

namespace HybridStore.Consistency.Workers.Reads;

/// <summary>Reads every key once when nobody writes any more and the journal is applied to its end: whatever is cached then is to equal its
/// row.</summary>
internal sealed class LastReads(IHybridStore store, KeyLayout layout, OperationLog log, StoreLoads loads)
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    public async Task RunAsync()
    {
        await UntilAppliedAsync();
        foreach (var key in layout.Keys)
        {
            var (call, began) = (new ReadCall(key, store), Clock.Now);
            var rows = await loads.ReadAsync(call);
            log.Read(log.Returned(key, began, call.Loaded, rows.Select(row => row.ToVersion())) with { AtEnd = true });
        }
    }

    /// <summary>Redis is one partition: an entry that is served later than the bound from now on comes with a mark that covers all that was
    /// committed by now.</summary>
    private async Task UntilAppliedAsync()
    {
        var (start, bounded) = (Clock.Now, store.With(new ReadOptions { MaxStaleness = Bound }));
        while (true)
        {
            var (call, began) = (new ReadCall(layout.Keys[0], bounded), Clock.Now);
            await loads.ReadAsync(call);
            if (!call.Loaded && Clock.Time(began - start) > Bound)
            {
                return;
            }

            await Task.Delay(Pause);
        }
    }
}
