namespace HybridStore.Realtime;

/// <summary>
/// A service beside the cache could not do what it was asked for: its Redis is away, its circuit is open, or Redis has lost what PostgreSQL
/// holds a snapshot of and PostgreSQL is away too. A read can be repeated. A change may have been made, when Redis was sent it and did not
/// answer in time; setting the same value again does no harm, adding again may add twice.
/// </summary>
public sealed class RealtimeUnavailableException : Exception
{
    internal RealtimeUnavailableException(string service, string why, Exception? cause)
        : base($"The {service} are not available: {why}", cause) => Service = service;

    /// <summary>What was asked, such as <c>leaderboards</c>.</summary>
    public string Service { get; }
}
