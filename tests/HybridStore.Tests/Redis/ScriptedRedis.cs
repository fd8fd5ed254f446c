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
    public static readonly RedisResult Held = Answer(1000, "answered", 0, "", Parts("held", 5000, 0));

    private static readonly RedisResult Granted = Answer(1000, "answered", 0, "", 0);

    private readonly Channel<RedisKey[]> _invalidations = Channel.CreateUnbounded<RedisKey[]>();
    private readonly Channel<(RedisKey Guard, byte[] Token)> _renewals = Channel.CreateUnbounded<(RedisKey Guard, byte[] Token)>();
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

    /// <summary>What a call of <c>generation.lua</c> ends with; null: it tells <see cref="Generation"/>, or raises it.</summary>
    public Exception? GenerationFailure { get; set; }

    /// <summary>The generation of the only partition.</summary>
    public int Generation { get; set; } = 1;

    /// <summary>What <c>lease.lua</c> answers, by turns; when none is left it grants.</summary>
    public Queue<RedisResult> LeaseAnswers { get; } = new();

    /// <summary>How often <c>lease.lua</c> was called.</summary>
    public int LeaseCalls { get; private set; }

    /// <summary>What <c>renew.lua</c> answers.</summary>
    public string RenewAnswer { get; set; } = "renewed";

    /// <summary>What <c>store.lua</c> answers.</summary>
    public string StoreAnswer { get; set; } = "stored";

    /// <summary>The last call of <c>store.lua</c>.</summary>
    public (RedisKey[] Keys, RedisValue Token)? LastStore { get; private set; }

    public Task Disposed => _disposed.Task;

    public bool IsDisposed => _disposed.Task.IsCompleted;

    public bool HasListeners => ConnectionRestored is not null;

    /// <summary>The keys of the next call of <c>invalidate.lua</c>.</summary>
    public ValueTask<RedisKey[]> NextInvalidationAsync() => _invalidations.Reader.ReadAsync(TestContext.Current.CancellationToken);

    public bool TryNextInvalidation(out RedisKey[]? keys) => _invalidations.Reader.TryRead(out keys);

    /// <summary>The guard and the token of the next call of <c>renew.lua</c>.</summary>
    public ValueTask<(RedisKey Guard, byte[] Token)> NextRenewalAsync() => _renewals.Reader.ReadAsync(TestContext.Current.CancellationToken);

    public bool TryNextRenewal(out (RedisKey Guard, byte[] Token) renewal) => _renewals.Reader.TryRead(out renewal);

    public void Restore() => ConnectionRestored?.Invoke(
        Multiplexer,
        new ConnectionFailedEventArgs(
            Multiplexer, new IPEndPoint(IPAddress.Loopback, 6379), ConnectionType.Interactive, ConnectionFailureType.None, null!, "test"));

    private object? OnMultiplexer(string method, object?[] arguments)
    {
        switch (method)
        {
            case "GetServers":
                return new[] { _server };
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
        "ExecuteAsync" => Task.FromResult((string)arguments[0]! == "EVAL" ? Answer("noeviction", "0") : Answer("version", "7.4.0")),
        _ => throw new NotSupportedException(method),
    };

    private object OnDatabase(string method, object?[] arguments)
    {
        switch (method)
        {
            case "ScriptEvaluateAsync":
                var script = (string)arguments[0]!;
                var keys = (RedisKey[])arguments[1]!;
                if (script == RedisScript.Layout.For(serverKnowsFlags: true))
                {
                    return Task.FromResult(Answer(1, 1, 1000));
                }

                if (script == RedisScript.Generation.For(serverKnowsFlags: true))
                {
                    Generation += (string?)((RedisValue[])arguments[2]!)[1] == "raise" && GenerationFailure is null ? 1 : 0;
                    return GenerationFailure is { } unavailable
                        ? Task.FromException<RedisResult>(unavailable)
                        : Task.FromResult(Answer(1000, Generation));
                }

                if (script == RedisScript.Lease.For(serverKnowsFlags: true))
                {
                    LeaseCalls++;
                    return Task.FromResult(LeaseAnswers.TryDequeue(out var turn) ? turn : Granted);
                }

                if (script == RedisScript.Release.For(serverKnowsFlags: true))
                {
                    return Task.FromResult(Answer(1000, 1));
                }

                if (script == RedisScript.Renew.For(serverKnowsFlags: true))
                {
                    var token = (byte[])((RedisValue[])arguments[2]!)[0]!;
                    _renewals.Writer.TryWrite((keys[0], token));
                    return Task.FromResult(Answer(1000, RenewAnswer));
                }

                if (script == RedisScript.Store.For(serverKnowsFlags: true))
                {
                    var values = (RedisValue[])arguments[2]!;
                    LastStore = (keys, values[6 + (int)values[5] + 4]);
                    return Task.FromResult(Answer(1000, StoreAnswer));
                }

                Assert.Equal(RedisScript.Invalidate.For(serverKnowsFlags: true), script);
                var answer = InvalidationFailure is { } failure
                    ? Task.FromException<RedisResult>(failure)
                    : Task.FromResult(Answer(1000, "applied", Array.Empty<RedisResult>()));
                _invalidations.Writer.TryWrite(keys);
                return answer;
            default:
                throw new NotSupportedException(method);
        }
    }

    private static RedisResult Answer(params object[] parts) => RedisResult.Create(Parts(parts));

    private static RedisResult[] Parts(params object[] parts) => Array.ConvertAll(parts, part => part switch
    {
        int number => RedisResult.Create(number),
        string text => RedisResult.Create((RedisValue)text),
        _ => RedisResult.Create((RedisResult[])part),
    });
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
