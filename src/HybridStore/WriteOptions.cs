using System.Data;

namespace HybridStore;

/// <summary>How a write's transaction runs. Immutable and thread-safe.</summary>
public sealed record WriteOptions
{
    private readonly int _maxAttempts = 1;

    /// <summary>The default: READ COMMITTED, one attempt.</summary>
    public static WriteOptions Default { get; } = new();

    /// <summary>The transaction's isolation level. Default: <see cref="IsolationLevel.Unspecified"/>, which
    /// Npgsql takes as READ COMMITTED whatever the server's own default.</summary>
    public IsolationLevel IsolationLevel { get; init; } = IsolationLevel.Unspecified;

    /// <summary>How often the callback may be run: 1 to 100, default 1. Only a serialization failure (40001) or a deadlock
    /// (40P01), alone or as the inner exception of another, causes another attempt; the transaction was rolled back and the callback is run again from its start, so it
    /// must be safe to repeat.</summary>
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
