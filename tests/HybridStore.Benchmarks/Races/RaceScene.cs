namespace HybridStore.Benchmarks.Races;

/// <summary>Two instances of one application, and a row that both know.</summary>
internal sealed class RaceScene(ItemTable table, Racer first, Racer second, RaceItem item) : IAsyncDisposable
{
    // Some store behind their callers.
    private static readonly TimeSpan Settling = TimeSpan.FromMilliseconds(100);

    // Ends a race in which something waits for ever.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private int _version;

    public Racer First => first;

    public Racer Second => second;

    public RaceItem Item => item;

    public static async Task<RaceScene> SetAsync(RacerKind kind, Race race, string redis, ItemTable table)
    {
        var prefix = $"race:{Guid.NewGuid():N}:";
        var behind = new RacerSetup(redis, table, prefix, race.UsesMemory, TimeProvider.System);
        var first = await kind.StartAsync(behind with { Clock = new FastClock(race.FirstIsAhead) });
        return new RaceScene(table, first, await kind.StartAsync(behind), await table.AddAsync());
    }

    /// <summary>Commits a change.</summary>
    public async Task ChangeAsync() => _version = await table.ChangeAsync(item);

    /// <summary>Whether a reader who has come after the invalidation has got an older version.</summary>
    public async Task<bool> IsStaleAsync(Task<int> read) => await read.WaitAsync(Limit) < _version;

    /// <summary>The same for readers who come now, when all is over.</summary>
    public async Task<bool> IsStaleAsync(params Racer[] readers)
    {
        await Task.Delay(Settling);
        foreach (var reader in readers)
        {
            if (await IsStaleAsync(reader.ReadAsync(item, RaceLoad.Free())))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether a reader needs no load any more.</summary>
    public async Task<bool> IsCachedAsync(Racer reader)
    {
        await Task.Delay(Settling);
        var load = RaceLoad.Free();
        await reader.ReadAsync(item, load).WaitAsync(Limit);
        return load.Runs == 0;
    }

    /// <summary>A load of the first instance reads; the row is changed, then invalidated; the load returns.</summary>
    public async Task OvertakeLoadAsync(Func<Task> invalidateAsync)
    {
        var load = RaceLoad.Held();
        var read = first.ReadAsync(item, load);
        await load.HasRead.WaitAsync(Limit);
        await ChangeAsync();
        await invalidateAsync();
        load.LetReturn();
        await read.WaitAsync(Limit);
    }

    /// <summary>The same with an early refresh in place of the load.</summary>
    public async Task OvertakeRefreshAsync(Func<Task> invalidateAsync)
    {
        var load = RaceLoad.Held();
        var read = first.ReadAsync(item, load, refreshed: true);
        await load.HasRead.WaitAsync(Limit);
        await Task.Delay(Racer.RefreshAge);
        load.LetReturn();
        await read.WaitAsync(Limit);

        var refresh = RaceLoad.Held();
        while (!refresh.HasRead.IsCompleted)
        {
            await first.ReadAsync(item, refresh, refreshed: true).WaitAsync(Limit);
            await Task.Delay(TimeSpan.FromMilliseconds(10));
        }

        await ChangeAsync();
        await invalidateAsync();
        refresh.LetReturn();
        for (var waited = TimeSpan.Zero; first.Refreshes < 1 && waited < Limit; waited += Settling)
        {
            await Task.Delay(Settling);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await second.DisposeAsync();
        await first.DisposeAsync();
    }

    private sealed class FastClock(TimeSpan ahead) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + ahead;
    }
}
