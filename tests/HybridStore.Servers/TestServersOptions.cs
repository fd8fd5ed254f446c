namespace HybridStore.Servers;

/// <summary>How <see cref="TestServers"/> are started.</summary>
public sealed record TestServersOptions
{
    /// <summary>Forces one source; null takes HYBRIDSTORE_TEST_SERVERS, and without it the first that is available.</summary>
    public ServerSource? Source { get; init; }

    /// <summary>
    /// Asks for servers that can be stopped, killed and paused: those of the environment are passed over then.
    /// </summary>
    public bool Controllable { get; init; }

    /// <summary>
    /// Whether PostgreSQL waits for the disk. Off is faster and survives a killed server, only not a machine that crashes.
    /// </summary>
    public bool Fsync { get; init; }

    /// <summary>Further settings for PostgreSQL (as with -c); not with servers from the environment.</summary>
    public IReadOnlyDictionary<string, string> PostgresSettings { get; init; } = new Dictionary<string, string>();

    /// <summary>Further arguments for redis-server, such as "--maxmemory", "16mb"; not with servers from the environment.</summary>
    public IReadOnlyList<string> RedisArguments { get; init; } = [];
}
