namespace HybridStore.Journaling.Watching;

/// <summary>Which columns hold the values of a .NET type so that both are written the same way in a key. The kinds are those of the schema's
/// function <c>kind_of</c>.</summary>
internal static class ColumnKinds
{
    public static IReadOnlyList<string> Of(Type type)
    {
        var plain = Nullable.GetUnderlyingType(type) ?? type;
        plain = plain.IsEnum ? Enum.GetUnderlyingType(plain) : plain;
        return plain switch
        {
            _ when plain == typeof(string) || plain == typeof(char) => ["text", "enum"],
            // PostgreSQL's integers end where these do not.
            _ when plain == typeof(uint) || plain == typeof(ulong) || plain == typeof(decimal) => ["integer", "numeric"],
            _ when plain == typeof(bool) => ["bool"],
            _ when plain == typeof(Guid) => ["uuid"],
            _ when plain == typeof(DateOnly) => ["date"],
            _ when plain == typeof(TimeOnly) => ["time"],
            _ when plain == typeof(DateTime) || plain == typeof(DateTimeOffset) => ["timestamptz", "timestamp"],
            _ => ["integer"],
        };
    }

    public static string NameOf(Type type) => (Nullable.GetUnderlyingType(type) ?? type).Name;
}
