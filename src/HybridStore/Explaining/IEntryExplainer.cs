using HybridStore.Policies;

namespace HybridStore.Explaining;

/// <summary>Tells what a read of a key would come to.</summary>
internal interface IEntryExplainer
{
    /// <param name="key">A key that has been checked.</param>
    /// <param name="settings">The store's defaults.</param>
    /// <param name="skipCache">Whether reads pass the cache.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    Task<EntryExplanation> ExplainAsync(string key, EntrySettings settings, bool skipCache, CancellationToken cancellationToken);
}
