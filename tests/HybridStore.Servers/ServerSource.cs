namespace HybridStore.Servers;

/// <summary>Where test servers come from, in the order in which they are tried.</summary>
public enum ServerSource
{
    /// <summary>Servers that run already, named by HYBRIDSTORE_TEST_POSTGRES and HYBRIDSTORE_TEST_REDIS.</summary>
    Environment,

    /// <summary>Containers, started through Testcontainers on the Docker engine.</summary>
    Containers,

    /// <summary>Server binaries that are installed on this machine.</summary>
    Local,
}
