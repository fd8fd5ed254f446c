namespace HybridStore;

/// <summary>Under which names stores report what they do, for OpenTelemetry's <c>AddMeter</c> and <c>AddSource</c>, or listeners of one's
/// own.</summary>
/// <remarks>The pool of a data source that a store makes from a connection string is named <c>HybridStore</c>, that of a keyed store
/// <c>HybridStore.</c> and the key, in the meter <c>Npgsql</c>.</remarks>
public static class HybridStoreTelemetry
{
    /// <summary>The meter of all stores: counters, histograms and gauges, told apart by the tags <c>hybridstore.store</c> and
    /// <c>hybridstore.policy</c>. Keys and values are in no tag.</summary>
    public const string MeterName = "HybridStore";

    /// <summary>The source of spans: reads, loads, refreshes, writes and invalidations. Keys and values are in no tag.</summary>
    public const string ActivitySourceName = "HybridStore";
}
