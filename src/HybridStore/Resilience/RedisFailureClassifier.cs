using System.Net.Sockets;
using Polly.Timeout;
using StackExchange.Redis;

namespace HybridStore.Resilience;

/// <summary>Decides which failures of a Redis call count against the server.</summary>
internal static class RedisFailureClassifier
{
    public static RedisCallVerdict Classify(Exception failure) => failure switch
    {
        RedisServerException answer => Classify(answer),
        RedisConnectionException => RedisCallVerdict.Unavailable,
        // Covers StackExchange.Redis's RedisTimeoutException; Polly's is the time-out of our own.
        TimeoutException or TimeoutRejectedException => RedisCallVerdict.Unavailable,
        SocketException or IOException => RedisCallVerdict.Unavailable,
        // The application has disposed the multiplexer: until it is replaced every call would throw.
        ObjectDisposedException => RedisCallVerdict.Unavailable,
        _ => RedisCallVerdict.Inconclusive,
    };

    private static RedisCallVerdict Classify(RedisServerException answer) => answer.Kind switch
    {
        RedisErrorKind.Loading or RedisErrorKind.ClusterDown or RedisErrorKind.MasterDown => RedisCallVerdict.Unavailable,
        // A script that blocks the server, a server that takes no connection: like LOADING, nobody is served.
        RedisErrorKind.Busy or RedisErrorKind.MaxClients => RedisCallVerdict.Unavailable,
        RedisErrorKind.ConnectionFault or RedisErrorKind.Timeout => RedisCallVerdict.Unavailable,
        RedisErrorKind.None or RedisErrorKind.Unknown or RedisErrorKind.UnknownError => ClassifyMessage(answer.Message),
        _ => RedisCallVerdict.Answered,
    };

    // A kind that the client does not know by name still says what it is in its first word.
    private static RedisCallVerdict ClassifyMessage(string message) =>
        message.StartsWith("LOADING ", StringComparison.Ordinal)
        || message.StartsWith("CLUSTERDOWN ", StringComparison.Ordinal)
        || message.StartsWith("MASTERDOWN ", StringComparison.Ordinal)
        || message.StartsWith("BUSY ", StringComparison.Ordinal)
        || message.StartsWith("ERR max number of clients", StringComparison.Ordinal)
            ? RedisCallVerdict.Unavailable
            : RedisCallVerdict.Answered;
}
