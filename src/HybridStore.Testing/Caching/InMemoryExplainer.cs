using HybridStore.Explaining;
using HybridStore.Policies;

namespace HybridStore.Testing.Caching;

/// <summary>Explains what is held in memory, with the verdicts of the store on Redis.</summary>
internal sealed class InMemoryExplainer(InMemoryPartition partition, InMemoryCache cache) : IEntryExplainer
{
    private const string Failure = "switched off by the test";

    public Task<EntryExplanation> ExplainAsync(
        string key, EntrySettings settings, bool skipCache, CancellationToken cancellationToken)
    {
        var isPending = cache.IsPending(key);
        var bypass = skipCache || settings.DoNotCache ? VerdictReasons.NotCached
            : isPending ? VerdictReasons.InvalidationPending
            : ((EntryVerdict, string)?)null;
        var explanation = cache.IsDown
            ? EntryExplanations.Of(key, bypass ?? VerdictReasons.RedisFailed(Failure)) with { RedisFailure = Failure }
            : partition.Explain(key);
        if (bypass is { } verdict)
        {
            var bypassed = EntryExplanations.Of(key, verdict);
            explanation = explanation with { Verdict = bypassed.Verdict, Reason = bypassed.Reason };
        }

        return Task.FromResult(explanation with
        {
            Circuit = cache.IsDown ? RedisCircuit.Open : RedisCircuit.Closed,
            IsInvalidationPending = isPending,
        });
    }
}
