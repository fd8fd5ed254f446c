namespace HybridStore.Realtime;

/// <summary>The settings that the services of one store have in common: what they keep in PostgreSQL. Not thread-safe; read once.</summary>
public sealed class RealtimeOptions
{
    private const int LongestIdentifier = 63;

    /// <summary>The schema of the tables that the durable services need: 1 to 63 bytes in UTF-8. Default: <c>hybridstore_realtime</c>.</summary>
    public string Schema { get; set; } = "hybridstore_realtime";

    /// <summary>Whether the tables are installed, or brought up to date, when the host starts; then the store's user must be allowed to.
    /// Otherwise whoever may runs <see cref="RealtimeSchema.GetInstallScript"/>, and the start fails while they are missing. Default:
    /// <see langword="false"/>.</summary>
    public bool InstallAtStart { get; set; }

    internal IEnumerable<string> Errors()
    {
        if (string.IsNullOrWhiteSpace(Schema)
            || Schema.Any(char.IsControl)
            || System.Text.Encoding.UTF8.GetByteCount(Schema) > LongestIdentifier)
        {
            yield return "Schema must have 1 to 63 bytes in UTF-8 and no control characters; the default is hybridstore_realtime.";
        }
    }
}
