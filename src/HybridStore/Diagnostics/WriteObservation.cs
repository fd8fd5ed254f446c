using System.Diagnostics;

namespace HybridStore.Diagnostics;

/// <summary>One write as metrics and traces tell it. Rolled back until something else is known.</summary>
internal sealed class WriteObservation(WriteMetrics metrics, Activity? span, long beganAt)
{
    private string _result = "rolled_back";

    /// <summary>It is committed, or nobody knows.</summary>
    public void Ended(bool isCertain) => _result = isCertain ? "committed" : "unknown";

    /// <param name="error">What its caller gets; null for a receipt.</param>
    public void End(Exception? error)
    {
        metrics.EndWrite(beganAt, _result, error);
        span?.SetTag(TagNames.Result, _result);
        StoreTracing.End(span, error);
    }
}
