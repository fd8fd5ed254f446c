namespace HybridStore.Realtime.Registration;

/// <summary>A service that has something to do from the start of the host to its end.</summary>
internal interface IRealtimeComponent
{
    /// <summary>Its options: which Redis it uses.</summary>
    RealtimeServiceOptions Options { get; }

    /// <summary>Whether what it keeps in Redis is meant to outlast a full or restarted server.</summary>
    bool IsDurable { get; }

    /// <summary>Whether it needs the tables of <see cref="RealtimeSchema"/>.</summary>
    bool NeedsTables { get; }

    /// <summary>Redis may not have been reached yet, and PostgreSQL may be away.</summary>
    Task StartAsync(CancellationToken cancellationToken);

    /// <summary>Ends what it does behind its callers.</summary>
    Task StopAsync(CancellationToken cancellationToken);
}
