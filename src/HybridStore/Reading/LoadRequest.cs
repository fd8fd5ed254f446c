using HybridStore.Fencing;
using HybridStore.Policies;

namespace HybridStore.Reading;

/// <summary>One caller's load: what to run, how its value is to be stored, and which write it has to reflect.</summary>
internal readonly record struct LoadRequest<TState, T>(
    string Key,
    TState State,
    Func<TState, LoadContext, CancellationToken, ValueTask<T>> Load,
    EntrySettings Settings,
    ulong? AtLeast = null,
    bool IsJournaled = false,
    TimeSpan? MaxStaleness = null)
{
    /// <summary>Null on a read that nobody watches.</summary>
    public ReadObservation? Observed { get; init; }

    /// <summary>Null where the caller waits for as long as the load takes.</summary>
    public LoadPatience? Patience { get; init; }

    /// <summary>Whether the applied mark has a say.</summary>
    public bool AsksForMark => MaxStaleness is not null || (AtLeast is not null && IsJournaled);

    /// <summary>Whether a value with this stamp reflects the write that the caller asks for.</summary>
    public bool IsReflectedBy(SnapshotStamp? stamp) => AtLeast is not { } write || (stamp is not null && stamp.Sees(write));

    /// <summary>The same for what a flight has brought, also with a bound. What was loaded on the primary after the caller came will do, unless
    /// it is built on entries that were good enough for somebody else who started the flight; how old something else is nobody knows.</summary>
    public bool IsReflectedBy(Landing<T> landing, long arrivedAt, bool isStarter)
    {
        if (AtLeast is null && MaxStaleness is null)
        {
            return true;
        }

        var isLoadedSince = landing.WasLoaded && !landing.IsOfStandby && landing.BeganAt > arrivedAt;
        if (isLoadedSince && (isStarter || !landing.Stamp.HasInput))
        {
            return true;
        }

        var isWithin = MaxStaleness is null || (isLoadedSince && landing.Stamp.MaxStaleness <= MaxStaleness);
        return isWithin && IsReflectedBy(landing.Stamp.Snapshot);
    }
}
