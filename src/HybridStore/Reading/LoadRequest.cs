using HybridStore.Policies;

namespace HybridStore.Reading;

/// <summary>One caller's load: what to run, and how its value is to be stored.</summary>
internal readonly record struct LoadRequest<TState, T>(
    string Key,
    TState State,
    Func<TState, LoadContext, CancellationToken, ValueTask<T>> Load,
    EntrySettings Settings);
