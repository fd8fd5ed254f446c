using Npgsql;

namespace HybridStore.Realtime.Buffering;

/// <summary>A row that becomes a dead letter.</summary>
/// <param name="Entry">Where it was.</param>
/// <param name="Number">Which row of it.</param>
/// <param name="Payload">The row as it was appended.</param>
/// <param name="Reason">Why.</param>
/// <param name="SqlState">PostgreSQL's code.</param>
internal readonly record struct RefusedRow(string Entry, int Number, ReadOnlyMemory<byte> Payload, string Reason, string? SqlState)
{
    public static RefusedRow Of(string entry, int number, ReadOnlyMemory<byte> payload, Exception error) => error is PostgresException refusal
        ? new(entry, number, payload, Clean($"{refusal.MessageText}{(refusal.Detail is { } detail ? $" ({detail})" : "")}"), refusal.SqlState)
        : new(entry, number, payload, Clean($"{error.GetType().Name}: {error.Message}"), null);

    // What PostgreSQL takes as text has no NUL, and a message may quote the row.
    private static string Clean(string reason) => reason.Replace('\0', '\uFFFD');
}
