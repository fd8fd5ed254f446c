namespace HybridStore.Benchmarks.Races;

/// <summary>What an instance of an application is made of.</summary>
/// <param name="Redis">Redis.</param>
/// <param name="Table">PostgreSQL.</param>
/// <param name="Prefix">What the names of this race begin with in Redis.</param>
/// <param name="UsesMemory">Whether a cache that has a level in the process's memory uses it.</param>
/// <param name="Clock">What time it is on this machine.</param>
internal sealed record RacerSetup(string Redis, ItemTable Table, string Prefix, bool UsesMemory, TimeProvider Clock);

/// <summary>One instance of an application that reads through a cache and invalidates as the cache's documentation says.</summary>
internal abstract class Racer : IAsyncDisposable
{
    /// <summary>How long entries live: longer than any race, and than the clocks of one differ.</summary>
    public static readonly TimeSpan TimeToLive = TimeSpan.FromHours(1);

    /// <summary>How long they live where they are to be refreshed before they expire.</summary>
    public static readonly TimeSpan RefreshedTimeToLive = TimeSpan.FromMinutes(1);

    /// <summary>How long the load of an entry takes that is to be refreshed, and how old it has to be for that where age decides.</summary>
    public static readonly TimeSpan RefreshAge = TimeSpan.FromSeconds(0.3);

    /// <summary>How many early refreshes have come to their end.</summary>
    public virtual int Refreshes => 0;

    /// <param name="item">What to read.</param>
    /// <param name="load">What a miss does.</param>
    /// <param name="refreshed">Whether the entry is refreshed before it expires.</param>
    public abstract Task<int> ReadAsync(RaceItem item, RaceLoad load, bool refreshed = false);

    public abstract Task RemoveAsync(RaceItem item);

    public abstract Task RemoveByTagAsync(RaceItem item);

    /// <summary>Only of those who can.</summary>
    public virtual Task ExpireAsync(RaceItem item) => throw new NotSupportedException();

    public abstract ValueTask DisposeAsync();
}
