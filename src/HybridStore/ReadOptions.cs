namespace HybridStore;

/// <summary>What a read accepts, as opposed to <see cref="EntryOptions"/>, which say how a value is stored. Used through
/// <see cref="IHybridStore.With"/>. Immutable and thread-safe.</summary>
public sealed record ReadOptions
{
    /// <summary>The default: a cached value from a master is welcome.</summary>
    public static ReadOptions Default { get; } = new();

    /// <summary>The write that reads have to reflect: read-your-writes. A cached value is taken only if the snapshot that it was loaded
    /// under sees that write, whether or not its invalidation has been applied; otherwise the value is loaded from PostgreSQL. Values that were
    /// loaded without a snapshot (see <see cref="LoadContext.StampAsync"/>) are never taken. Default: none.</summary>
    public WriteToken AtLeast { get; init; }

    /// <summary>Reads past the cache: every call loads from PostgreSQL, joins no other caller's load and stores nothing.
    /// For decisions that must be made on the current row, such as stock at the moment of an order. Default:
    /// <see langword="false"/>.</summary>
    public bool SkipCache { get; init; }

    /// <summary>Lets hits be served by a Redis replica. Replicas lag behind their master, so an invalidated value can be
    /// seen for as long as the replica lags. Default: <see langword="false"/>, all reads go to masters.</summary>
    public bool AllowReplicas { get; init; }
}
