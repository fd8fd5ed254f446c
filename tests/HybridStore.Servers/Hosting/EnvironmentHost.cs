using System.Net;

namespace HybridStore.Servers.Hosting;

/// <summary>A server that somebody else runs: it can be used, not controlled.</summary>
internal sealed class EnvironmentHost(EndPoint endpoint, string variable) : IServerHost
{
    public bool HasExited => false;

    public Task<EndPoint> StartAsync(CancellationToken cancellationToken) => Task.FromResult(endpoint);

    public Task StopAsync(CancellationToken cancellationToken) => Task.FromException(NotOurs("stopped"));

    public Task KillAsync(CancellationToken cancellationToken) => Task.FromException(NotOurs("killed"));

    public Task PauseAsync(CancellationToken cancellationToken) => Task.FromException(NotOurs("paused"));

    public Task ResumeAsync(CancellationToken cancellationToken) => Task.FromException(NotOurs("resumed"));

    public Task<string> ReadLogTailAsync(CancellationToken cancellationToken) =>
        Task.FromResult($"(the log is with whoever runs the server named by {variable})");

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private NotSupportedException NotOurs(string action) => new(
        $"The server named by {variable} was not started here and cannot be {action}. Its Proxy's faults work; " +
        "for more set HYBRIDSTORE_TEST_SERVERS=containers or HYBRIDSTORE_TEST_SERVERS=local.");
}
