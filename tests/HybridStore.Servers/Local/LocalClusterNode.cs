using System.Net;
using System.Net.Sockets;

namespace HybridStore.Servers.Local;

/// <summary>A node of a Redis Cluster. The others know it by its port, so that it keeps the one it had first.</summary>
internal sealed class LocalClusterNode(string binary) : LocalRedis(binary, Arguments)
{
    // Where nodes talk to one another, as Redis has it unless told otherwise.
    private const int BusOffset = 10_000;

    // Neither port is among those that the system hands out by itself.
    private const int FirstPort = 12_000;
    private const int LastPort = 21_999;
    private const int Attempts = 100;

    // A master counts as dead after a second, and its replica takes over however old its data is.
    private static readonly string[] Arguments =
    [
        "--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf", "--cluster-node-timeout", "1000",
        "--cluster-replica-validity-factor", "0", "--repl-diskless-sync-delay", "0",
    ];

    private int _port;

    protected override int ChoosePort()
    {
        for (var attempt = 0; _port == 0 && attempt < Attempts; attempt++)
        {
            var port = Random.Shared.Next(FirstPort, LastPort + 1);
            _port = IsFree(port) && IsFree(port + BusOffset) ? port : 0;
        }

        return _port != 0 ? _port : throw new ServersUnavailableException("No free pair of ports was found for a node of a Redis Cluster.");
    }

    private static bool IsFree(int port)
    {
        using var listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
