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

    /// <summary>How long past its expiry a value may be served when its load fails; null for never.</summary>
    public TimeSpan? StaleOnError { get; init; }

    /// <summary>After how long an expired value is served while its load goes on; null for never.</summary>
    public TimeSpan? SoftLoadTimeout { get; init; }

    /// <summary>How long a caller waits for a load; null for as long as it takes.</summary>
    public TimeSpan? HardLoadTimeout { get; init; }

    /// <summary>Whether a load that fails or is slow has another end than its caller's waiting for it.</summary>
    public bool AreLoadsTimed => StaleOnError is not null || HardLoadTimeout is not null;

    /// <summary>What is wrong with these settings together; null if nothing is. Each may come from somebody else, so that only the whole can be
    /// judged.</summary>
    public string? Contradiction => SoftLoadTimeout switch
    {
        null => null,
        { } soft when soft > HardLoadTimeout =>
            $"SoftLoadTimeout ({soft:c}) is above HardLoadTimeout ({HardLoadTimeout:c}), so it would never come to pass: "
            + "make it shorter, or HardLoadTimeout longer.",
        _ when StaleOnError is null =>
            "SoftLoadTimeout needs StaleOnError, since what it serves is a value past its time to live: set both, or neither.",
        _ => null,
    };

    /// <summary>How long an entry of these settings is kept past its time to live.</summary>
    /// <param name="isNull">Whether it stands for a missing row, which is not worth keeping.</param>
    public TimeSpan GraceOf(bool isNull) => isNull ? TimeSpan.Zero : StaleOnError ?? TimeSpan.Zero;

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
        StaleOnError = options.StaleOnError ?? StaleOnError,
        SoftLoadTimeout = options.SoftLoadTimeout ?? SoftLoadTimeout,
        HardLoadTimeout = options.HardLoadTimeout ?? HardLoadTimeout,
    };
}
