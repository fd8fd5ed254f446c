namespace HybridStore.Servers;

/// <summary>What a <see cref="TestServer"/> was last told to be.</summary>
public enum ServerState
{
    /// <summary>No process runs.</summary>
    Stopped,

    /// <summary>It serves.</summary>
    Running,

    /// <summary>Its processes are frozen.</summary>
    Paused,
}
