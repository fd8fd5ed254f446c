using System.Data;
using HybridStore.Keys;

namespace HybridStore;

/// <summary>How a write's transaction runs. Immutable and thread-safe.</summary>
public sealed record WriteOptions
{
    private readonly int _maxAttempts = 1;
    private readonly IReadOnlyList<string> _writeThrough = [];
    private readonly OnFenceFailure? _onFenceFailure;
    private readonly InvalidationDurability? _durability;

    /// <summary>The default: READ COMMITTED, one attempt, strict or not as the store is set.</summary>
    public static WriteOptions Default { get; } = new();

    /// <summary>The transaction's isolation level. Default: <see cref="IsolationLevel.Unspecified"/>, which
    /// Npgsql takes as READ COMMITTED whatever the server's own default.</summary>
    public IsolationLevel IsolationLevel { get; init; } = IsolationLevel.Unspecified;

    /// <summary>Whether what is named is fenced in Redis before COMMIT too, and not only invalidated after it. No reader that begins after the
    /// COMMIT then gets the old value from Redis, even if this process dies between COMMIT and invalidation. It costs one round trip to
    /// PostgreSQL (the transaction's id) and one to Redis before COMMIT; from then until the invalidation nothing that is named can be
    /// cached. Default: <see langword="null"/>, as <see cref="HybridStoreOptions.StrictWrites"/> says.</summary>
    public bool? Strict { get; init; }

    /// <summary>What becomes of a strict write when Redis does not take its fences. Default: <see langword="null"/>, as
    /// <see cref="HybridStoreOptions.OnFenceFailure"/> says.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Neither <see cref="OnFenceFailure.Proceed"/> nor
    /// <see cref="OnFenceFailure.Abort"/>.</exception>
    public OnFenceFailure? OnFenceFailure
    {
        get => _onFenceFailure;
        init
        {
            if (value is { } given && !Enum.IsDefined(given))
            {
                throw new ArgumentOutOfRangeException(
                    nameof(OnFenceFailure), value, "OnFenceFailure must be Proceed or Abort; unset, the store's setting holds.");
            }

            _onFenceFailure = value;
        }
    }

    /// <summary>Whether the journal names what the write invalidates, in its own transaction: the invalidation then reaches Redis even if this
    /// process dies after COMMIT. It costs one statement, in the round trip of COMMIT. What is named here beside a watched table's keys needs no more
    /// than that; rows of watched tables are named by their triggers already. Default: <see langword="null"/>, as
    /// <see cref="JournalOptions.DurableWrites"/> says.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Neither <see cref="InvalidationDurability.Process"/> nor
    /// <see cref="InvalidationDurability.Journal"/>.</exception>
    public InvalidationDurability? Durability
    {
        get => _durability;
        init
        {
            if (value is { } given && !Enum.IsDefined(given))
            {
                throw new ArgumentOutOfRangeException(
                    nameof(Durability), value, "Durability must be Process or Journal; unset, the store's setting holds.");
            }

            _durability = value;
        }
    }

    /// <summary>Whether the write gets a connection and transaction of its own even when it is begun inside another write of the same
    /// store. Default: <see langword="false"/>, it joins that one: it is committed or rolled back with it, its receipt stays
    /// <see cref="InvalidationStatus.Pending"/> until then, and if it fails the whole write can no longer be committed. What joins shares one
    /// connection: one at a time.</summary>
    public bool NewTransaction { get; init; }

    /// <summary>The keys whose new values the callback is going to <see cref="WriteContext.Set"/>. Default: none. Their leases are taken before
    /// the transaction begins, which costs one round trip to Redis, and its snapshot before the callback runs, one to PostgreSQL. Until the
    /// write ends nobody else stores these keys: readers who find nothing there wait for up to
    /// <see cref="HybridStoreOptions.LeaseWait"/>, so keep the transaction short.</summary>
    /// <exception cref="ArgumentException">A key is malformed.</exception>
    public IReadOnlyList<string> WriteThrough
    {
        get => _writeThrough;
        init
        {
            ArgumentNullException.ThrowIfNull(value, nameof(WriteThrough));
            string[] keys = [.. value];
            for (var i = 0; i < keys.Length; i++)
            {
                KeyRules.ThrowIfInvalidKeyAt(i, keys[i], nameof(WriteThrough));
            }

            _writeThrough = keys;
        }
    }

    /// <summary>How often the callback may be run: 1 to 100, default 1. Only a serialization failure (40001) or a deadlock
    /// (40P01), alone or as the inner exception of another, causes another attempt; the transaction was rolled back and the callback is run again from its start, so it
    /// must be safe to repeat. A write that joins another one is repeated with that one.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Outside 1 to 100.</exception>
    public int MaxAttempts
    {
        get => _maxAttempts;
        init
        {
            if (value is < 1 or > 100)
            {
                throw new ArgumentOutOfRangeException(
                    nameof(MaxAttempts), value, "MaxAttempts must be from 1 to 100; 1 runs the callback once.");
            }

            _maxAttempts = value;
        }
    }
}
