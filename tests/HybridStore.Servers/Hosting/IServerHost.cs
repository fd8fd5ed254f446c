using System.Net;

namespace HybridStore.Servers.Hosting;

/// <summary>What runs one server: a process, a container, or somebody else.</summary>
internal interface IServerHost : IAsyncDisposable
{
    /// <summary>Starts the server, empty or with the data it had; it need not be ready yet.</summary>
    Task<EndPoint> StartAsync(CancellationToken cancellationToken);

    /// <summary>Asks the server to end and waits until it has.</summary>
    Task StopAsync(CancellationToken cancellationToken);

    /// <summary>Ends all the server's processes without a word to them.</summary>
    Task KillAsync(CancellationToken cancellationToken);

    /// <summary>Freezes all the server's processes.</summary>
    Task PauseAsync(CancellationToken cancellationToken);

    Task ResumeAsync(CancellationToken cancellationToken);

    /// <summary>Whether the server has ended by itself, so that waiting for it is in vain.</summary>
    bool HasExited { get; }

    /// <summary>The last lines of the server's log.</summary>
    Task<string> ReadLogTailAsync(CancellationToken cancellationToken);
}
