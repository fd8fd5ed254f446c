using System.Net;
using System.Net.Sockets;

namespace HybridStore.Diagnostics.Watching;

/// <summary>What one server has told.</summary>
/// <param name="EndPoint">The server, as the client knows it.</param>
/// <param name="Info">What it told.</param>
/// <param name="ToldAt">When, in the timer's ticks.</param>
internal sealed record ServerReport(EndPoint EndPoint, ServerInfo Info, long ToldAt)
{
    /// <summary>The server by OpenTelemetry's names.</summary>
    public IEnumerable<KeyValuePair<string, object?>> Tags()
    {
        var (address, port) = EndPoint switch
        {
            IPEndPoint ip => (ip.Address.ToString(), ip.Port),
            DnsEndPoint dns => (dns.Host, dns.Port),
            UnixDomainSocketEndPoint socket => (socket.ToString(), 0),
            _ => (EndPoint.ToString(), 0),
        };
        yield return new("server.address", address);
        if (port != 0)
        {
            yield return new("server.port", port);
        }
    }
}
