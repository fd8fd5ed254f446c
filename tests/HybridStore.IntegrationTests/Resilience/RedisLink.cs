using System.Net;
using HybridStore.Servers;
using StackExchange.Redis;

namespace HybridStore.IntegrationTests.Resilience;

/// <summary>A network of one's own to a Redis server that others use too: it can be cut and stalled without disturbing them.</summary>
internal sealed class RedisLink : IAsyncDisposable
{
    private readonly EndPoint _server;
    private readonly ConfigurationOptions _configuration;

    private RedisLink(ConfigurationOptions configuration, bool connected)
    {
        _server = configuration.EndPoints[0];
        _configuration = configuration;
        Proxy = FaultProxy.Start(connected ? _server : null);
        configuration.EndPoints.Clear();
        configuration.EndPoints.Add(Proxy.Endpoint);
    }

    public FaultProxy Proxy { get; }

    public string ConnectionString => _configuration.ToString(includePassword: true);

    /// <param name="redis">The server.</param>
    /// <param name="connected">False for a server that looks as if it had not been started yet.</param>
    public static RedisLink To(RedisServer redis, bool connected = true) =>
        new(ConfigurationOptions.Parse(redis.DirectConnectionString), connected);

    /// <summary>"Starts" the server that was away.</summary>
    public void Connect() => Proxy.Upstream = _server;

    public ValueTask DisposeAsync() => Proxy.DisposeAsync();
}
