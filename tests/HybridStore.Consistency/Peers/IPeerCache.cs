using HybridStore.Consistency.Keys;
using HybridStore.Consistency.Workers;

namespace HybridStore.Consistency.Peers;

/// <summary>A cache that is not ours. A call that removes and returns has removed; one that has not throws.</summary>
internal interface IPeerCache : IAsyncDisposable
{
    Task<RowValue[]> ReadAsync(SoakKey key, string? tag, Func<Task<RowValue[]>> load);

    Task RemoveAsync(string key);

    Task RemoveByTagAsync(string tag);

    /// <summary>Removes everything. Not of those who cannot: then nothing is done and false returned.</summary>
    Task<bool> TryClearAsync();
}
