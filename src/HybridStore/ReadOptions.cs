namespace HybridStore;

/// <summary>What a read accepts, as opposed to <see cref="EntryOptions"/>, which say how a value is stored. Used through
/// <see cref="IHybridStore.With"/>. Immutable and thread-safe.</summary>
public sealed record ReadOptions
{
    private readonly TimeSpan? _maxStaleness;

    /// <summary>The default: a cached value from a master is welcome.</summary>
    public static ReadOptions Default { get; } = new();

    /// <summary>The write that reads have to reflect: read-your-writes. A cached value is taken only if the snapshot that it was loaded
    /// under sees that write, whether or not its invalidation has been applied; otherwise the value is loaded from PostgreSQL. Values that were
    /// loaded without a snapshot (see <see cref="LoadContext.StampAsync"/>) are never taken. Default: none.</summary>
    public WriteToken AtLeast { get; init; }

    /// <summary>How old a cached value may be: it reflects everything that had been committed so long ago in the tables that are watched, and by
    /// durable writes, also while Redis fails over, comes back from an outage, or nobody applies the journal. Otherwise the value is loaded from
    /// PostgreSQL. Needs <see cref="HybridStoreOptions.Journal"/>; a bound that is not well above <see cref="JournalOptions.MarkInterval"/> is
    /// seldom met. Default: <see langword="null"/>, no bound.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Zero or less.</exception>
    public TimeSpan? MaxStaleness
    {
        get => _maxStaleness;
        init
        {
            if (value <= TimeSpan.Zero)
            {
                throw new ArgumentOutOfRangeException(
                    nameof(MaxStaleness), value, "MaxStaleness must be above zero; set SkipCache to read the current row.");
            }

            _maxStaleness = value;
        }
    }

    /// <summary>Reads past the cache: every call loads from PostgreSQL, joins no other caller's load and stores nothing.
    /// For decisions that must be made on the current row, such as stock at the moment of an order. Default:
    /// <see langword="false"/>.</summary>
    public bool SkipCache { get; init; }

    /// <summary>Lets hits be served by a Redis replica. Replicas lag behind their master, so an invalidated value can be
    /// seen for as long as the replica lags. Default: <see langword="false"/>, all reads go to masters.</summary>
    public bool AllowReplicas { get; init; }

    /// <summary>Lets the view remember what it has read: the same key read fifty times costs one read. For views that live as long as a request:
    /// make one in a scoped service (<c>store.With(new ReadOptions { Memo = true })</c>). What this process invalidates is forgotten at once;
    /// what others change is seen by the next view. Callers share the remembered object, so they must not change it. Reads in a
    /// load, in an ambient transaction and past the cache are not remembered, nor more than 10,000 values. Not to be combined with
    /// <see cref="MaxStaleness"/>, which a value would outlive in memory. Default: <see langword="false"/>.</summary>
    public bool Memo { get; init; }
}
