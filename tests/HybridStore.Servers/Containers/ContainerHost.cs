using System.Net;
using System.Net.Sockets;
using Docker.DotNet;
using Docker.DotNet.Models;
using DotNet.Testcontainers.Containers;
using HybridStore.Servers.Hosting;

namespace HybridStore.Servers.Containers;

/// <summary>A server in a container. Stopped and killed containers stay, and with them PostgreSQL's data.</summary>
internal sealed class ContainerHost(IContainer container, int port, string stopSignal) : IServerHost
{
    private const int EndTimeSeconds = 30;
    private const int LogCharacters = 4000;

    private readonly Lazy<DockerClient> _docker = new(DockerEngine.CreateClient);

    public bool HasExited => container.State is TestcontainersStates.Exited or TestcontainersStates.Dead;

    public async Task<EndPoint> StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            await container.StartAsync(cancellationToken);
        }
        catch (Exception exception) when (
            exception is DockerApiException or ContainerNotRunningException or TimeoutException or InvalidOperationException)
        {
            throw new ServersUnavailableException(
                $"The container of {container.Image.FullName} did not start: {exception.Message} " +
                $"To do without containers set {ServerChoice.SourceVariable}=local ({ServerChoice.InstallCommand}).",
                exception);
        }

        // The engine may publish another port at each start.
        var published = container.GetMappedPublicPort(port);
        return IPAddress.TryParse(container.Hostname, out var address)
            ? new IPEndPoint(address, published)
            : await ResolveAsync(container.Hostname, published, cancellationToken);
    }

    /// <summary>By signal rather than "docker stop", whose signal is up to the image.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => SignalAndWaitAsync(stopSignal, cancellationToken);

    public Task KillAsync(CancellationToken cancellationToken) => SignalAndWaitAsync("SIGKILL", cancellationToken);

    public Task PauseAsync(CancellationToken cancellationToken) => container.PauseAsync(cancellationToken);

    public Task ResumeAsync(CancellationToken cancellationToken) => container.UnpauseAsync(cancellationToken);

    public async Task<string> ReadLogTailAsync(CancellationToken cancellationToken)
    {
        var (output, error) = await container.GetLogsAsync(timestampsEnabled: false, ct: cancellationToken);
        var log = output + error;
        return log.Length <= LogCharacters ? log : log[^LogCharacters..];
    }

    public async ValueTask DisposeAsync()
    {
        await container.DisposeAsync();
        if (_docker.IsValueCreated)
        {
            _docker.Value.Dispose();
        }
    }

    private async Task SignalAndWaitAsync(string signal, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(EndTimeSeconds));
        try
        {
            var ended = _docker.Value.Containers.WaitContainerAsync(container.Id, limit.Token);
            await _docker.Value.Containers.KillContainerAsync(
                container.Id, new ContainerKillParameters { Signal = signal }, limit.Token);
            await ended;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException(
                $"{container.Image.FullName} has not ended in {EndTimeSeconds} s; kill it instead.\n{await ReadLogTailAsync(cancellationToken)}");
        }
    }

    /// <summary>IPv4 where there is a choice: engines publish there in any case.</summary>
    private static async Task<EndPoint> ResolveAsync(string host, int port, CancellationToken cancellationToken)
    {
        var addresses = await Dns.GetHostAddressesAsync(host, cancellationToken);
        return new IPEndPoint(
            addresses.FirstOrDefault(address => address.AddressFamily == AddressFamily.InterNetwork) ?? addresses[0], port);
    }
}
