using HybridStore.Diagnostics;

namespace HybridStore.Policies;

/// <summary><see cref="EntryOptions"/> with nothing left open.</summary>
internal sealed record EntrySettings(
    TimeSpan TimeToLive,
    double Jitter,
    TimeSpan? NegativeTimeToLive,
    double Beta,
    int SchemaVersion,
    int MaximumPayloadBytes,
    int? CompressionThresholdBytes,
    bool DoNotCache)
{
    public static EntrySettings Default { get; } = new(TimeSpan.FromMinutes(10), 0.1, null, 1, 0, 1024 * 1024, null, false);

    /// <summary>Who refreshes early.</summary>
    public RefreshMode RefreshMode { get; init; }

    /// <summary>Counts what is done under these settings, by the name of their policy.</summary>
    public PolicyMeter Policy { get; init; } = PolicyMeter.Unnamed;

    /// <summary>What <paramref name="options"/> sets, and the rest from here.</summary>
    public EntrySettings With(EntryOptions options) => new(
        options.TimeToLive ?? TimeToLive,
        options.Jitter ?? Jitter,
        options.NegativeTimeToLive ?? NegativeTimeToLive,
        options.Beta ?? Beta,
        options.SchemaVersion ?? SchemaVersion,
        options.MaximumPayloadBytes ?? MaximumPayloadBytes,
        options.CompressionThresholdBytes ?? CompressionThresholdBytes,
        options.DoNotCache ?? DoNotCache)
    {
        RefreshMode = options.RefreshMode ?? RefreshMode,
        Policy = Policy,
    };
}
