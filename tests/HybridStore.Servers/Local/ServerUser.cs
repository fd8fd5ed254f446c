namespace HybridStore.Servers.Local;

/// <summary>PostgreSQL and PgBouncer refuse to run as root.</summary>
internal static class ServerUser
{
    public const string Name = "postgres";

    /// <summary>What stands before a server's command line. setpriv becomes the server; runuser would stay as its parent.</summary>
    public static string[] Prefix { get; } = PosixSignals.IsRoot ? ["setpriv", $"--reuid={Name}", $"--regid={Name}", "--init-groups"] : [];
}
