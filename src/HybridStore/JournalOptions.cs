using System.Text;

namespace HybridStore;

/// <summary>How PostgreSQL itself tells the cache what has changed: by a journal that triggers on watched tables, and durable writes, fill in
/// the transaction of the change, and that a listener applies to Redis.</summary>
public sealed class JournalOptions
{
    internal const int LongestIdentifier = 63;

    /// <summary>Whether the journal is used. Watching a table turns it on, and so does <c>AddHybridStoreListener</c>. Default:
    /// <see langword="false"/>.</summary>
    public bool Enabled { get; set; }

    /// <summary>The schema in PostgreSQL that holds the journal: 1 to 63 bytes. Stores that share a database, but not their Redis, need
    /// different schemas. Default: <c>hybridstore</c>.</summary>
    public string Schema { get; set; } = "hybridstore";

    /// <summary>Whether the schema is installed, or brought up to date, when the host starts. The user of the connection must then own the
    /// watched tables and may create the schema. Default: <see langword="false"/>, it is there already: see
    /// <see cref="HybridStoreSchema.GetInstallScript"/>.</summary>
    public bool InstallAtStart { get; set; }

    /// <summary>Whether this process stands ready to apply the journal to Redis. One of all that do leads, the others take over when it is
    /// gone. Default: <see langword="true"/>.</summary>
    public bool RunListener { get; set; } = true;

    /// <summary>How the listener connects to the primary: directly, not through a pooler such as PgBouncer. Default: <see langword="null"/>, as
    /// all connections of the store.</summary>
    public string? ListenerConnectionString { get; set; }

    /// <summary>Whether a change may wake a sleeping listener with <c>NOTIFY</c>. Changes arrive within milliseconds then, and within
    /// <see cref="MarkInterval"/> otherwise. Turn it off where transactions are prepared (<c>PREPARE TRANSACTION</c>), which <c>NOTIFY</c>
    /// makes fail. Default: <see langword="true"/>.</summary>
    public bool RingDoorbell { get; set; } = true;

    /// <summary>Whether writes name in the journal what they invalidate unless they say otherwise: <see cref="WriteOptions.Durability"/>. Default:
    /// <see langword="false"/>.</summary>
    public bool DurableWrites { get; set; }

    /// <summary>How often the listener looks into the journal and writes the applied mark, also when nothing happens: 10 ms to 10 s. A bound of
    /// <see cref="ReadOptions.MaxStaleness"/> that is not well above it is never met. Default: 500 ms.</summary>
    public TimeSpan MarkInterval { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How long the journal is kept once it is applied: 1 minute to 30 days. Redis may go back in time, by a failover or a restored
    /// snapshot, for as long, and is brought up to date from the journal; by more, the whole cache is emptied. Default: 1 hour.</summary>
    public TimeSpan Retention { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How long after an outage of Redis this process waits for the applied mark to cover what was committed meanwhile: 1 s to 10
    /// minutes. Until then reads go to PostgreSQL; afterwards the whole cache is emptied instead, since nobody seems to apply the journal.
    /// Default: 30 s.</summary>
    public TimeSpan RecoveryWait { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How many rows one statement may change before the whole cache is emptied instead of naming each: 1 to 1,000,000. Fixed when the
    /// schema is installed. Default: 10,000.</summary>
    public int RowLimit { get; set; } = 10_000;

    internal IEnumerable<string> Validate()
    {
        if (Schema is null || Encoding.UTF8.GetByteCount(Schema) is < 1 or > LongestIdentifier || Schema.Contains('\0', StringComparison.Ordinal))
        {
            yield return "Journal.Schema must be an identifier of 1 to 63 bytes; the default is hybridstore.";
        }

        if (DurableWrites && !Enabled)
        {
            yield return "Journal.DurableWrites needs Journal.Enabled.";
        }

        if (MarkInterval < TimeSpan.FromMilliseconds(10) || MarkInterval > TimeSpan.FromSeconds(10))
        {
            yield return "Journal.MarkInterval must be from 10 ms to 10 s; the default is 00:00:00.5.";
        }

        if (Retention < TimeSpan.FromMinutes(1) || Retention > TimeSpan.FromDays(30))
        {
            yield return "Journal.Retention must be from 1 minute to 30 days; the default is 01:00:00.";
        }

        if (RecoveryWait < TimeSpan.FromSeconds(1) || RecoveryWait > TimeSpan.FromMinutes(10))
        {
            yield return "Journal.RecoveryWait must be from 1 s to 10 minutes; the default is 00:00:30.";
        }

        if (RowLimit is < 1 or > 1_000_000)
        {
            yield return "Journal.RowLimit must be from 1 to 1,000,000; the default is 10,000.";
        }
    }
}
