using System.Diagnostics.Metrics;
using HybridStore.Diagnostics;

namespace HybridStore.Verifying;

/// <summary>What the verifier finds, in the store's meter, and for the health check.</summary>
internal sealed class VerifierMetrics(StoreMetrics metrics, TimeProvider timeProvider)
{
    private readonly Counter<long> _verifications = metrics.Meter.CreateCounter<long>(
        "hybridstore.verifications",
        "{entry}",
        "Hits that were loaded again for comparison, by result: same, different (something that no write invalidates was read), settled (an invalidation was on its way), unstable (the load is no function of the database), unstamped, skipped, failed.");

    private long _differences;
    private long _lastAt;

    /// <summary>How many entries have been found that differ.</summary>
    public long Differences => Interlocked.Read(ref _differences);

    /// <summary>How long ago the last of them was found; null if there was none.</summary>
    public TimeSpan? SinceLastDifference => Differences == 0 ? null : timeProvider.GetElapsedTime(Volatile.Read(ref _lastAt));

    public void Verified(PolicyMeter policy, VerificationResult result)
    {
        if (result == VerificationResult.Different)
        {
            Volatile.Write(ref _lastAt, timeProvider.GetTimestamp());
            Interlocked.Increment(ref _differences);
        }

        _verifications.Add(1, metrics.Store, policy.Tags[1], new(TagNames.Result, NameOf(result)));
    }

    private static string NameOf(VerificationResult result) => result switch
    {
        VerificationResult.Same => "same",
        VerificationResult.Different => "different",
        VerificationResult.Settled => "settled",
        VerificationResult.Unstable => "unstable",
        VerificationResult.Unstamped => "unstamped",
        VerificationResult.Skipped => "skipped",
        _ => "failed",
    };
}
