namespace HybridStore.Servers;

/// <summary>No servers could be had; the message says what to install or to set.</summary>
public sealed class ServersUnavailableException : Exception
{
    /// <summary>Creates the exception.</summary>
    public ServersUnavailableException()
    {
    }

    /// <summary>Creates the exception with its message.</summary>
    public ServersUnavailableException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception with its message and cause.</summary>
    public ServersUnavailableException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
