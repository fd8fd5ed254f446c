namespace HybridStore;

/// <summary>
/// How a value is stored. Immutable and thread-safe: keep instances in static fields. Properties that are not set are taken
/// from the policy named by <see cref="PolicyName"/>, then from <see cref="HybridStoreOptions.Defaults"/>.
/// </summary>
/// <example><code>
/// private static readonly EntryOptions Prices = EntryOptions.Policy(PolicyNames.Price) with { Beta = 2 };
/// </code></example>
public sealed record EntryOptions
{
    internal static readonly TimeSpan LongestTimeToLive = TimeSpan.FromDays(365);
    private static readonly TimeSpan LongestLoadTimeout = TimeSpan.FromHours(1);

    private readonly TimeSpan? _timeToLive;
    private readonly double? _jitter;
    private readonly TimeSpan? _negativeTimeToLive;
    private readonly double? _beta;
    private readonly RefreshMode? _refreshMode;
    private readonly int? _maximumPayloadBytes;
    private readonly int? _compressionThresholdBytes;
    private readonly TimeSpan? _staleOnError;
    private readonly TimeSpan? _softLoadTimeout;
    private readonly TimeSpan? _hardLoadTimeout;

    /// <summary>Never cached: every read loads from PostgreSQL, joins no other caller's load, and stores nothing. For data
    /// that decisions depend on at this moment, such as stock at order time.</summary>
    public static EntryOptions Never { get; } = new() { DoNotCache = true };

    /// <summary>Options that follow the named policy.</summary>
    /// <param name="name">A name given to <c>AddPolicy</c>, or one of <see cref="PolicyNames"/>.</param>
    /// <exception cref="ArgumentException">The name is empty. An unknown name is reported at first use.</exception>
    public static EntryOptions Policy(string name)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        return new EntryOptions { PolicyName = name };
    }

    /// <summary>The policy that supplies the properties which are not set here. Default: none.</summary>
    public string? PolicyName { get; init; }

    /// <summary>How long a value may be served: more than zero, at most 365 days. Store default: 10 minutes. Invalidation
    /// removes a value long before; the time to live is the safety net.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not in the range.</exception>
    public TimeSpan? TimeToLive
    {
        get => _timeToLive;
        init => _timeToLive = CheckedDuration(value, nameof(TimeToLive));
    }

    /// <summary>The share by which each time to live is varied at random, up or down, so that entries written together do
    /// not expire together: 0 to 0.5. Store default: 0.1 (±10 %).</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not in the range.</exception>
    public double? Jitter
    {
        get => _jitter;
        init => _jitter = value is null or (>= 0 and <= 0.5) ? value : throw new ArgumentOutOfRangeException(
            nameof(Jitter), value, "Jitter must be from 0 to 0.5, for example 0.1 for ±10 %.");
    }

    /// <summary>How long "there is no such row" (a <see langword="null"/>) may be served: more than zero, at most 365 days;
    /// 30 to 60 seconds are usual. At most <see cref="HybridStoreOptions.MaxNegativeEntriesPerSecond"/> a second are cached. Default: not set, so nulls
    /// are not cached.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not in the range.</exception>
    public TimeSpan? NegativeTimeToLive
    {
        get => _negativeTimeToLive;
        init => _negativeTimeToLive = CheckedDuration(value, nameof(NegativeTimeToLive));
    }

    /// <summary>XFetch's β: how eagerly an entry is refreshed before it expires: 0 to 100. 1 is the paper's optimum, 2 suits
    /// very hot keys, 0.5 saves loads where a small herd is fine, 0 switches early refresh off. Store default: 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not in the range, or not a number.</exception>
    public double? Beta
    {
        get => _beta;
        init => _beta = value is null or (>= 0 and <= 100) ? value : throw new ArgumentOutOfRangeException(
            nameof(Beta), value, "Beta must be from 0 to 100; 1 is the usual value, 0 switches early refresh off.");
    }

    /// <summary>Who loads a value early that is about to expire: a load behind its readers, or the reader who comes upon it. Store default:
    /// <see cref="HybridStore.RefreshMode.Background"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not one of the two.</exception>
    public RefreshMode? RefreshMode
    {
        get => _refreshMode;
        init => _refreshMode = value is null || Enum.IsDefined(value.Value) ? value : throw new ArgumentOutOfRangeException(
            nameof(RefreshMode), value, "RefreshMode must be Background or Inline; leave it unset to inherit.");
    }

    /// <summary>The version of the value's shape. Raise it when the type changes so that older entries no longer fit: entries
    /// of another version are misses, and old and new releases still invalidate the same key. Store default: 0.</summary>
    public int? SchemaVersion { get; init; }

    /// <summary>The largest serialized value that is cached, in bytes: 1 to 512 MiB. Larger values are returned and counted but
    /// not cached. Store default: 1 MiB.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not in the range.</exception>
    public int? MaximumPayloadBytes
    {
        get => _maximumPayloadBytes;
        init => _maximumPayloadBytes = value is null or (>= 1 and <= 512 * 1024 * 1024)
            ? value
            : throw new ArgumentOutOfRangeException(
                nameof(MaximumPayloadBytes), value, "MaximumPayloadBytes must be from 1 to 536870912 (512 MiB).");
    }

    /// <summary>Serialized values of at least so many bytes are compressed with Brotli, unless that saves less than a tenth: 0 or
    /// more. Default: not set, nothing is compressed.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative.</exception>
    public int? CompressionThresholdBytes
    {
        get => _compressionThresholdBytes;
        init => _compressionThresholdBytes = value is null or >= 0 ? value : throw new ArgumentOutOfRangeException(
            nameof(CompressionThresholdBytes), value, "CompressionThresholdBytes must be 0 or more; leave it unset for no compression.");
    }

    /// <summary>How long past its time to live a value may still be served when the load that is to replace it fails: more than zero, at most
    /// 365 days. Default: not set, a failed load fails its callers.</summary>
    /// <remarks>
    /// <para>Redis keeps the entry for so much longer. A read past the time to live is a miss and loads; only where that fails, for whatever
    /// reason but the caller's own cancellation, the caller gets the old value, with a warning in the log. Failures store nothing and so never
    /// move the deadline: it is the entry's own expiry plus this.</para>
    /// <para>What has been invalidated is removed at once and never served, also where it was while the load ran: Redis is asked again at the
    /// moment of the failure. Nor is it served to callers whose <see cref="ReadOptions.AtLeast"/> or <see cref="ReadOptions.MaxStaleness"/>
    /// it does not satisfy, to loads that read through the store (their own entry would outlive the deadline), or while Redis is away.
    /// So what can be seen is as with any hit, for longer: an old value whose change nobody has told the store of. A
    /// <see langword="null"/> is not kept.</para>
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">Not in the range.</exception>
    public TimeSpan? StaleOnError
    {
        get => _staleOnError;
        init => _staleOnError = value is null || (value > TimeSpan.Zero && value <= LongestTimeToLive)
            ? value
            : throw new ArgumentOutOfRangeException(
                nameof(StaleOnError),
                value,
                "StaleOnError must be more than zero and at most 365 days; leave it unset to inherit.");
    }

    /// <summary>How long a caller waits for a load before it gets the value past its time to live that <see cref="StaleOnError"/> keeps, if
    /// there is one: more than zero, at most 1 hour, and not above <see cref="HardLoadTimeout"/>. Default: not set, callers wait for the
    /// load. Needs <see cref="StaleOnError"/>.</summary>
    /// <remarks>The load goes on behind the caller, until <see cref="HardLoadTimeout"/>, and is stored. Where the old value is gone by then, because it was invalidated, the
    /// caller goes on waiting. A load that works with what belongs to its caller (one that takes only a token) does not outlive it: it is
    /// cancelled, and its end awaited. <see cref="IHybridStore.GetManyAsync"/> has no soft time-out.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">Not in the range. That it contradicts another setting is reported at start-up for
    /// policies, else at first use.</exception>
    public TimeSpan? SoftLoadTimeout
    {
        get => _softLoadTimeout;
        init => _softLoadTimeout = CheckedTimeout(value, nameof(SoftLoadTimeout));
    }

    /// <summary>How long a caller waits for a load, its lease and other callers' loads included: more than zero, at most 1 hour. Default: not
    /// set, for as long as it takes.</summary>
    /// <remarks>Past it the caller gets a <see cref="HybridStoreLoadTimeoutException"/>, or what <see cref="StaleOnError"/> allows. The
    /// load goes on while others wait for it, else its token is cancelled. Where it runs for this caller alone (in a transaction, in another
    /// load, past the cache) or works with what belongs to this caller, its end is awaited.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">Not in the range.</exception>
    public TimeSpan? HardLoadTimeout
    {
        get => _hardLoadTimeout;
        init => _hardLoadTimeout = CheckedTimeout(value, nameof(HardLoadTimeout));
    }

    /// <summary><see langword="true"/> means as <see cref="Never"/>. Store default: <see langword="false"/>.</summary>
    public bool? DoNotCache { get; init; }

    private static TimeSpan? CheckedTimeout(TimeSpan? value, string property) =>
        value is null || (value > TimeSpan.Zero && value <= LongestLoadTimeout)
            ? value
            : throw new ArgumentOutOfRangeException(
                property, value, $"{property} must be more than zero and at most 1 hour; leave it unset to inherit.");

    private static TimeSpan? CheckedDuration(TimeSpan? value, string property) =>
        value is null || (value > TimeSpan.Zero && value <= LongestTimeToLive)
            ? value
            : throw new ArgumentOutOfRangeException(
                property,
                value,
                $"{property} must be more than zero and at most 365 days; leave it unset to inherit, use EntryOptions.Never to cache nothing.");
}
