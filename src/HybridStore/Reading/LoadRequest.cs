using HybridStore.Fencing;
using HybridStore.Policies;

namespace HybridStore.Reading;

/// <summary>One caller's load: what to run, how its value is to be stored, and which write it has to reflect.</summary>
internal readonly record struct LoadRequest<TState, T>(
    string Key,
    TState State,
    Func<TState, LoadContext, CancellationToken, ValueTask<T>> Load,
    EntrySettings Settings,
    ulong? AtLeast = null)
{
    /// <summary>Whether a value with this stamp reflects the write that the caller asks for.</summary>
    public bool IsReflectedBy(SnapshotStamp? stamp) => AtLeast is not { } write || (stamp is not null && stamp.Sees(write));

    /// <summary>The same for what a flight has brought. What was loaded on the primary after the caller came reflects it in any
    /// case.</summary>
    public bool IsReflectedBy(Landing<T> landing, long arrivedAt) =>
        AtLeast is null
        || (landing.WasLoaded && !landing.IsOfStandby && landing.BeganAt > arrivedAt)
        || IsReflectedBy(landing.Stamp.Snapshot);
}
