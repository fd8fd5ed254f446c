using HybridStore.Journaling.Watching;

namespace HybridStore.Journaling;

/// <summary>The names of the journal's schema, as SQL takes them.</summary>
internal sealed class JournalNames(string schema)
{
    private readonly string _quoted = TableName.Quote(schema);

    /// <summary>The schema's name as it is, which is also the channel on which the doorbell rings.</summary>
    public string Schema { get; } = schema;

    /// <summary>The channel, for LISTEN.</summary>
    public string Channel => _quoted;

    /// <summary>The rows: what was changed, by which transaction.</summary>
    public string Journal => $"{_quoted}.journal";

    /// <summary>Its last value is until when a listener is awake, in microseconds since the Unix epoch.</summary>
    public string Bell => $"{_quoted}.bell";

    /// <summary>The one row that says what has been purged, and the schema's version.</summary>
    public string State => $"{_quoted}.state";

    /// <summary>The function that writes a row for an application's own write.</summary>
    public string Record => $"{_quoted}.record";
}
