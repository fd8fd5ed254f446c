using HybridStore.Fencing;

namespace HybridStore.Reading;

/// <summary>A loaded value that is to be stored.</summary>
/// <param name="Request">What was asked for.</param>
/// <param name="Value">The value.</param>
/// <param name="Context">What the load has said of it.</param>
/// <param name="Lease">The lease under which it was loaded.</param>
internal readonly record struct StorableEntry<TState, T>(LoadRequest<TState, T> Request, T Value, LoadContext Context, Lease Lease);
