using Npgsql;

namespace HybridStore.Testing;

/// <summary>What an <see cref="InMemoryHybridStore"/> is made of. Every property may be left out.</summary>
public sealed class InMemoryHybridStoreOptions
{
    /// <summary>The database of loads and writes, which the store does not dispose. Default: none; statements are answered by what the test
    /// arranges with <see cref="InMemoryHybridStore.Answer(string, object?[])"/>.</summary>
    public NpgsqlDataSource? DataSource { get; init; }

    /// <summary>The clock by which entries expire. Default: the system's. With one that a test advances, such as
    /// <c>FakeTimeProvider</c>, nobody has to wait.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>How values are serialized. Default: a <see cref="JsonHybridStoreSerializer"/>. Give the one that production uses.</summary>
    public IHybridStoreSerializer Serializer { get; init; } = new JsonHybridStoreSerializer();

    /// <summary>Sets defaults, policies, strictness and the like, as in <c>AddHybridStore</c>. What concerns servers (connection strings,
    /// mode, prefix, time-outs, retries, <see cref="HybridStoreOptions.MaxNegativeEntriesPerSecond"/>) has no influence, and neither have
    /// <see cref="EntryOptions.Jitter"/> and <see cref="EntryOptions.Beta"/>: nothing is left to chance here.</summary>
    public Action<HybridStoreOptions>? Configure { get; init; }
}
