namespace HybridStore.Benchmarks.Races;

[Flags]
internal enum Abilities
{
    None = 0,

    /// <summary>Refreshes entries before they expire.</summary>
    Refresh = 1,

    /// <summary>Has an operation of its own that expires an entry and keeps it.</summary>
    Expire = 2,

    /// <summary>Takes the time from where a race can set it.</summary>
    Clock = 4,
}

/// <summary>A kind of cache.</summary>
/// <param name="Name">Its name in figures.</param>
/// <param name="Abilities">Which races it can take part in.</param>
/// <param name="StartAsync">Starts an instance.</param>
internal sealed record RacerKind(string Name, Abilities Abilities, Func<RacerSetup, Task<Racer>> StartAsync)
{
    public static readonly RacerKind[] All =
    [
        new("ours", Abilities.Refresh | Abilities.Clock, HybridStoreRacer.StartAsync),
        new("fusion", Abilities.Refresh | Abilities.Expire, FusionCacheRacer.StartAsync),
        new("hybridcache", Abilities.Clock, HybridCacheRacer.StartAsync),

        // What a harness has to show as stale, and what it must not.
        new("naive", Abilities.Refresh, NaiveRacer.StartAsync),
        new("nocache", Abilities.Refresh | Abilities.Expire | Abilities.Clock, UncachedRacer.StartAsync),
    ];
}
