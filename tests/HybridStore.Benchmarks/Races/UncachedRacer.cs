namespace HybridStore.Benchmarks.Races;

/// <summary>No cache, and so never stale: the other control. Its refresh is a read whose value nobody gets.</summary>
internal sealed class UncachedRacer(ItemTable table) : Racer
{
    private int _refreshes;
    private int _refreshedReads;

    public override int Refreshes => Volatile.Read(ref _refreshes);

    public static Task<Racer> StartAsync(RacerSetup setup) => Task.FromResult<Racer>(new UncachedRacer(setup.Table));

    public override Task<int> ReadAsync(RaceItem item, RaceLoad load, bool refreshed = false)
    {
        if (!refreshed)
        {
            return LoadAsync(item, load);
        }

        var reads = Interlocked.Increment(ref _refreshedReads);
        if (reads == 2)
        {
            _ = RefreshAsync(item, load);
        }

        return reads == 1 ? LoadAsync(item, load) : table.ReadAsync(item, CancellationToken.None);
    }

    public override Task RemoveAsync(RaceItem item) => Task.CompletedTask;

    public override Task ExpireAsync(RaceItem item) => Task.CompletedTask;

    public override Task RemoveByTagAsync(RaceItem item) => Task.CompletedTask;

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private Task<int> LoadAsync(RaceItem item, RaceLoad load) =>
        load.RunAsync(token => table.ReadAsync(item, token), CancellationToken.None);

    private async Task RefreshAsync(RaceItem item, RaceLoad load)
    {
        await LoadAsync(item, load);
        Interlocked.Increment(ref _refreshes);
    }
}
