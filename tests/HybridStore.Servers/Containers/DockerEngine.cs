using System.Net.Sockets;
using DotNet.Testcontainers.Configurations;
using HybridStore.Servers.Hosting;

namespace HybridStore.Servers.Containers;

/// <summary>Finds out quickly whether a Docker engine answers.</summary>
internal static class DockerEngine
{
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(2);

    /// <summary>Null when an engine answers, else a sentence that says what was tried.</summary>
    public static async Task<string?> WhyUnavailableAsync(Machine machine, CancellationToken cancellationToken)
    {
        if (Candidates(machine) is not { Count: > 0 } candidates)
        {
            return "no Docker socket was found and DOCKER_HOST is not set.";
        }

        foreach (var candidate in candidates)
        {
            if (await AnswersAsync(candidate, cancellationToken))
            {
                return null;
            }
        }

        return $"no Docker engine answers at {string.Join(" or ", candidates)}.";
    }

    private static List<Uri> Candidates(Machine machine)
    {
        if (machine.Setting("DOCKER_HOST") is { } host)
        {
            return Uri.TryCreate(host, UriKind.Absolute, out var address)
                ? [address]
                : throw new ServersUnavailableException("DOCKER_HOST is not an address such as unix:///var/run/docker.sock.");
        }

        if (OperatingSystem.IsWindows())
        {
            return [new Uri("npipe://./pipe/docker_engine")];
        }

        var home = machine.Setting("HOME");
        var runtime = machine.Setting("XDG_RUNTIME_DIR");
        string?[] sockets =
        [
            "/var/run/docker.sock",
            runtime is null ? null : $"{runtime}/docker.sock",
            home is null ? null : $"{home}/.docker/run/docker.sock",
            home is null ? null : $"{home}/.docker/desktop/docker.sock",
        ];
        return [.. sockets.Where(File.Exists).Select(socket => new Uri($"unix://{socket}"))];
    }

    private static async Task<bool> AnswersAsync(Uri address, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(AnswerTime);
        try
        {
            return address.Scheme switch
            {
                "unix" => await PingUnixAsync(address.LocalPath, limit.Token),
                "tcp" or "http" or "https" => await AcceptsAsync(address, limit.Token),
                _ => await PingWithClientAsync(limit.Token),
            };
        }
        catch (Exception exception) when (exception is SocketException or HttpRequestException or TimeoutException)
        {
            return false;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    private static async Task<bool> PingUnixAsync(string path, CancellationToken cancellationToken)
    {
        using var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (_, token) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), token);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        using var client = new HttpClient(handler);
        using var answer = await client.GetAsync(new Uri("http://docker/_ping"), cancellationToken);
        return answer.IsSuccessStatusCode;
    }

    private static async Task<bool> AcceptsAsync(Uri address, CancellationToken cancellationToken)
    {
        // With TLS the client's certificates would be needed to say more.
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(address.Host, address.Port, cancellationToken);
        return true;
    }

    private static async Task<bool> PingWithClientAsync(CancellationToken cancellationToken)
    {
        using var client = CreateClient();
        await client.System.PingAsync(cancellationToken);
        return true;
    }

    /// <summary>A client for the engine that Testcontainers uses.</summary>
    public static Docker.DotNet.DockerClient CreateClient() =>
        TestcontainersSettings.OS.DockerEndpointAuthConfig.GetDockerClientBuilder(Guid.NewGuid()).Build();
}
