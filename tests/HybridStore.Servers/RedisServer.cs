using System.Globalization;
using System.Net;
using HybridStore.Servers.Hosting;
using StackExchange.Redis;

namespace HybridStore.Servers;

/// <summary>A Redis server for tests.</summary>
public sealed class RedisServer : TestServer
{
    private readonly ConfigurationOptions _template;
    private readonly SemaphoreSlim _connecting = new(1, 1);
    private IConnectionMultiplexer? _direct;

    internal RedisServer(IServerHost host, ServerSource source, string connectionString)
        : base(host, source) => _template = ConfigurationOptions.Parse(connectionString);

    /// <inheritdoc/>
    public override string ConnectionString => At(Proxy.Endpoint).ToString(includePassword: true);

    /// <inheritdoc/>
    public override string DirectConnectionString => At(DirectEndpoint).ToString(includePassword: true);

    internal EndPoint Address => DirectEndpoint;

    private protected override string Name => "Redis";

    /// <summary>A prefix for keys that no other test uses.</summary>
    public static string NewKeyPrefix() => string.Create(CultureInfo.InvariantCulture, $"t{Guid.NewGuid():N}:");

    /// <summary>Runs one command past the proxy, such as <c>RunAsync("CONFIG", "SET", "maxmemory", "1mb")</c>.</summary>
    public async Task<RedisResult> RunAsync(params string[] command)
    {
        ArgumentOutOfRangeException.ThrowIfZero(command.Length, nameof(command));
        var database = (await ConnectDirectlyAsync()).GetDatabase();
        return await database.ExecuteAsync(command[0], [.. command.Skip(1).Cast<object>()]);
    }

    /// <summary>Removes every key of every database.</summary>
    public async Task FlushAsync() => await RunAsync("FLUSHALL");

    /// <summary>
    /// A connection past the proxy that may run administrative commands. The server owns it; it is another one after the
    /// server was stopped or killed.
    /// </summary>
    public async Task<IConnectionMultiplexer> ConnectDirectlyAsync()
    {
        await _connecting.WaitAsync();
        try
        {
            return _direct ??= await ConnectionMultiplexer.ConnectAsync(Direct());
        }
        finally
        {
            _connecting.Release();
        }
    }

    private protected override async Task<Exception?> ProbeAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = await ConnectionMultiplexer.ConnectAsync(Direct()).WaitAsync(cancellationToken);
            await connection.GetDatabase().PingAsync().WaitAsync(cancellationToken);
            return null;
        }
        catch (RedisException exception)
        {
            return exception;
        }
    }

    private protected override async ValueTask OnStoppingAsync()
    {
        await _connecting.WaitAsync();
        try
        {
            if (Interlocked.Exchange(ref _direct, null) is { } direct)
            {
                await direct.DisposeAsync();
            }
        }
        finally
        {
            _connecting.Release();
        }
    }

    private ConfigurationOptions Direct()
    {
        var options = At(DirectEndpoint);
        options.AllowAdmin = true;
        options.AbortOnConnectFail = true;
        options.ConnectRetry = 0;
        return options;
    }

    private ConfigurationOptions At(EndPoint endpoint)
    {
        var options = _template.Clone();
        options.EndPoints.Clear();
        options.EndPoints.Add(endpoint);
        return options;
    }
}
