using HybridStore.Diagnostics;
using HybridStore.Usage;

namespace HybridStore;

/// <summary>What each policy is used for: what is worth its memory in Redis, and what is not. Registered next to <see cref="IHybridStore"/>, under
/// the same key. It tells of this process alone, since its start. Safe to use from any thread.</summary>
/// <remarks>From when it is first taken from the container, the process remembers up to 16,384 entries that it has stored or read, in about
/// 2 MB, without their keys.</remarks>
/// <example><code>
/// app.MapGet("/debug/cache", (HybridStoreReport report) =&gt; report.ToString());
/// </code></example>
public sealed class HybridStoreReport
{
    private readonly IReadOnlyList<PolicyMeter> _policies;
    private readonly KnownEntries _known;

    internal HybridStoreReport(IReadOnlyList<PolicyMeter> policies, KnownEntries known)
    {
        _policies = policies;
        _known = known;
    }

    /// <summary>The usage of each policy at this moment, also of those that were not used; first <c>default</c>, then by name.</summary>
    public IReadOnlyList<PolicyUsage> Policies =>
        [UsageOf(_policies[0]), .. _policies.Skip(1).OrderBy(policy => policy.Name, StringComparer.Ordinal).Select(UsageOf)];

    /// <summary>The usage of each policy as a table for people.</summary>
    public override string ToString() => ReportText.Of(Policies);

    /// <summary>From here on somebody wants to know what is never read.</summary>
    internal HybridStoreReport Begin()
    {
        _known.Begin();
        return this;
    }

    private PolicyUsage UsageOf(PolicyMeter policy)
    {
        var usage = policy.Usage;
        var (ended, neverRead) = _known.Over(policy);
        ended += usage.Ended;
        neverRead += usage.NeverRead;
        return new PolicyUsage
        {
            Policy = policy.Name,
            Hits = usage.Hits,
            Misses = usage.Misses,
            Loads = usage.Loads,
            LoadTimeSaved = usage.LoadTimeSaved,
            BytesStored = usage.BytesStored,
            EntriesStored = usage.EntriesStored,
            ShareNeverRead = ended == 0 ? null : (double)neverRead / ended,
        };
    }
}
