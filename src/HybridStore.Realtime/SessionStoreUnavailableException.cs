namespace HybridStore.Realtime;

/// <summary>Sessions cannot be had at the moment: Redis is away, and there is no copy in PostgreSQL or it is away as well. Whether there is such a
/// session is not known: do not sign the user out, answer with 503 and let them try again. A change may have been made.</summary>
public sealed class SessionStoreUnavailableException : Exception
{
    internal SessionStoreUnavailableException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
