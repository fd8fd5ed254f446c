using System.Net;
using System.Reflection;
using System.Threading.Channels;
using HybridStore.Redis;
using StackExchange.Redis;

namespace HybridStore.Tests.Redis;

/// <summary>A client whose server is the test: one standalone master that takes the handshake, and answers scripts as told.</summary>
internal sealed class ScriptedRedis
{
    /// <summary>Somebody else holds the lease.</summary>
    public static readonly RedisResult Held = RedisResult.Create([RedisResult.Create(1), RedisResult.Create(1000), RedisResult.Create(5000)]);

    private static readonly RedisResult Granted = RedisResult.Create([RedisResult.Create(0), RedisResult.Create(1000), RedisResult.Create(0)]);

    private readonly Channel<RedisKey[]> _invalidations = Channel.CreateUnbounded<RedisKey[]>();
    private readonly TaskCompletionSource _disposed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly IServer _server;
    private readonly IDatabase _database;

    public ScriptedRedis()
    {
        _server = InterfaceStub.Of<IServer>(OnServer);
        _database = InterfaceStub.Of<IDatabase>(OnDatabase);
        Multiplexer = InterfaceStub.Of<IConnectionMultiplexer>(OnMultiplexer);
    }

    public IConnectionMultiplexer Multiplexer { get; }

    /// <summary>Raised by the client when a connection is back.</summary>
    public event EventHandler<ConnectionFailedEventArgs>? ConnectionRestored;

    /// <summary>Whether the client finds its server at all.</summary>
    public bool IsConnected { get; set; } = true;

    /// <summary>What a call of <c>invalidate.lua</c> ends with; null: it is done.</summary>
    public Exception? InvalidationFailure { get; set; }

    /// <summary>What asking the client for its servers ends with.</summary>
    public Exception? ServersFailure { get; set; }

    /// <summary>What <c>lease.lua</c> answers, by turns; when none is left it grants.</summary>
    public Queue<RedisResult> LeaseAnswers { get; } = new();

    /// <summary>How often <c>lease.lua</c> was called.</summary>
    public int LeaseCalls { get; private set; }

    /// <summary>What <c>store.lua</c> answers.</summary>
    public string StoreAnswer { get; set; } = "stored";

    /// <summary>The last call of <c>store.lua</c>.</summary>
    public (RedisKey[] Keys, RedisValue[] Arguments)? LastStore { get; private set; }

    public List<RedisKey> Existing { get; } = [];

    public Task Disposed => _disposed.Task;

    public bool IsDisposed => _disposed.Task.IsCompleted;

    public bool HasListeners => ConnectionRestored is not null;

    /// <summary>The keys of the next call of <c>invalidate.lua</c>.</summary>
    public ValueTask<RedisKey[]> NextInvalidationAsync() => _invalidations.Reader.ReadAsync(TestContext.Current.CancellationToken);

    public bool TryNextInvalidation(out RedisKey[]? keys) => _invalidations.Reader.TryRead(out keys);

    public void Restore() => ConnectionRestored?.Invoke(
        Multiplexer,
        new ConnectionFailedEventArgs(
            Multiplexer, new IPEndPoint(IPAddress.Loopback, 6379), ConnectionType.Interactive, ConnectionFailureType.None, null!, "test"));

    private object? OnMultiplexer(string method, object?[] arguments)
    {
        switch (method)
        {
            case "GetServers":
                return ServersFailure is null ? new[] { _server } : throw ServersFailure;
            case "GetDatabase":
                return _database;
            case "add_ConnectionRestored":
                ConnectionRestored += (EventHandler<ConnectionFailedEventArgs>)arguments[0]!;
                return null;
            case "remove_ConnectionRestored":
                ConnectionRestored -= (EventHandler<ConnectionFailedEventArgs>)arguments[0]!;
                return null;
            case "DisposeAsync":
                _disposed.TrySetResult();
                return ValueTask.CompletedTask;
            case "Dispose":
                _disposed.TrySetResult();
                return null;
            default:
                throw new NotSupportedException(method);
        }
    }

    private object OnServer(string method, object?[] arguments) => method switch
    {
        "get_IsConnected" => IsConnected,
        "get_IsReplica" => false,
        "get_ServerType" => ServerType.Standalone,
        "ExecuteAsync" => Task.FromResult(RedisResult.Create([RedisResult.Create((RedisValue)"version"), RedisResult.Create((RedisValue)"7.4.0")])),
        "KeysAsync" => KeysAsync(((RedisValue)arguments[1]!).ToString()),
        _ => throw new NotSupportedException(method),
    };

    private object OnDatabase(string method, object?[] arguments)
    {
        switch (method)
        {
            case "get_Database":
                return 0;
            case "KeyDeleteAsync":
                var deleted = (RedisKey[])arguments[0]!;
                Existing.RemoveAll(deleted.Contains);
                return Task.FromResult((long)deleted.Length);
            case "ScriptEvaluateAsync":
                var script = (string)arguments[0]!;
                var keys = (RedisKey[])arguments[1]!;
                if (script == RedisScript.Layout.For(serverKnowsFlags: true))
                {
                    return Task.FromResult(RedisResult.Create([RedisResult.Create(1), RedisResult.Create(1), RedisResult.Create(1000)]));
                }

                if (script == RedisScript.Lease.For(serverKnowsFlags: true))
                {
                    LeaseCalls++;
                    return Task.FromResult(LeaseAnswers.TryDequeue(out var turn) ? turn : Granted);
                }

                if (script == RedisScript.Release.For(serverKnowsFlags: true))
                {
                    return Task.FromResult(RedisResult.Create([RedisResult.Create(1000), RedisResult.Create(1)]));
                }

                if (script == RedisScript.Store.For(serverKnowsFlags: true))
                {
                    LastStore = (keys, (RedisValue[])arguments[2]!);
                    return Task.FromResult(RedisResult.Create([RedisResult.Create(1000), RedisResult.Create((RedisValue)StoreAnswer)]));
                }

                Assert.Equal(RedisScript.Invalidate.For(serverKnowsFlags: true), script);
                var answer = InvalidationFailure is { } failure
                    ? Task.FromException<RedisResult>(failure)
                    : Task.FromResult(RedisResult.Create([RedisResult.Create(1000), RedisResult.Create(0)]));
                _invalidations.Writer.TryWrite(keys);
                return answer;
            default:
                throw new NotSupportedException(method);
        }
    }

    private async IAsyncEnumerable<RedisKey> KeysAsync(string pattern)
    {
        await Task.CompletedTask;
        foreach (var key in Existing.ToArray())
        {
            if (((string)key!).StartsWith(pattern.TrimEnd('*'), StringComparison.Ordinal))
            {
                yield return key;
            }
        }
    }
}

/// <summary>Implements an interface by a function of the method's name and its arguments.</summary>
public class InterfaceStub : DispatchProxy
{
    private Func<string, object?[], object?> _answer = static (method, _) => throw new NotSupportedException(method);

    /// <summary>An object that answers every call of the interface with the function.</summary>
    public static T Of<T>(Func<string, object?[], object?> answer)
        where T : class
    {
        var proxy = Create<T, InterfaceStub>();
        ((InterfaceStub)(object)proxy)._answer = answer;
        return proxy;
    }

    /// <inheritdoc/>
    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => _answer(targetMethod!.Name, args ?? []);
}
