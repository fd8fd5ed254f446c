using Npgsql;

namespace HybridStore.Realtime.Sessions;

/// <summary>Reads the columns that <see cref="SessionCopyStatements"/> selects.</summary>
internal static class SessionRow
{
    public static SessionState Read(NpgsqlDataReader reader)
    {
        var (names, contents) = (reader.GetFieldValue<string[]>(10), reader.GetFieldValue<byte[][]>(11));
        var fields = new Dictionary<string, ReadOnlyMemory<byte>>(names.Length, StringComparer.Ordinal);
        for (var index = 0; index < names.Length; index++)
        {
            fields[names[index]] = contents[index];
        }

        return new SessionState
        {
            Handle = reader.GetString(0),
            Secret = reader.GetFieldValue<byte[]>(1),
            Version = reader.GetInt64(2),
            UserId = reader.IsDBNull(3) ? null : reader.GetString(3),
            Device = reader.IsDBNull(4) ? null : reader.GetString(4),
            Now = reader.GetInt64(5),
            CreatedAt = reader.GetInt64(6),
            LastSeenAt = reader.GetInt64(7),
            ExpiresAt = reader.GetInt64(8),
            EndsAt = reader.IsDBNull(9) ? null : reader.GetInt64(9),
            Fields = fields,
        };
    }

    public static bool IsRevoked(NpgsqlDataReader reader) => reader.GetBoolean(12);
}
