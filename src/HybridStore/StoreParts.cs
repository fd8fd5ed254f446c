using HybridStore.Diagnostics;
using HybridStore.Explaining;
using HybridStore.Invalidating;
using HybridStore.Policies;
using HybridStore.Reading;
using HybridStore.Reading.Batches;
using HybridStore.Reading.Memo;
using HybridStore.Reading.Warming;
using HybridStore.Serialization;
using HybridStore.Writing;

namespace HybridStore;

/// <summary>What a store and its views are made of.</summary>
/// <param name="Policies">Resolve options.</param>
/// <param name="Serializers">Refuse types that do not survive a round trip.</param>
/// <param name="Reader">Null where there is no cache.</param>
/// <param name="Runner">Knows in which load a caller runs.</param>
/// <param name="TimedLoads">Loads past the cache.</param>
/// <param name="BatchReader">Null where there is no cache.</param>
/// <param name="BatchLoader">Loads batches past the cache.</param>
/// <param name="Warmer">Null where there is no cache.</param>
/// <param name="Explainer">Null where there is no cache.</param>
/// <param name="Writer">Writes.</param>
/// <param name="Invalidations">Invalidates what others have changed.</param>
/// <param name="Metrics">Counts.</param>
/// <param name="HasJournal">Whether PostgreSQL tells the cache what has changed.</param>
/// <param name="Versions">What this process has invalidated.</param>
internal sealed record StoreParts(
    EntryPolicies Policies,
    SerializerRegistry Serializers,
    CacheAsideReader? Reader,
    LoadRunner Runner,
    TimedLoads TimedLoads,
    BatchReader? BatchReader,
    BatchLoader BatchLoader,
    CacheWarmer? Warmer,
    IEntryExplainer? Explainer,
    TransactionalWriter Writer,
    ForeignInvalidations Invalidations,
    StoreMetrics Metrics,
    bool HasJournal,
    KeyVersions Versions);
