using System.Net.Sockets;
using HybridStore.Resilience;
using Polly.Timeout;
using StackExchange.Redis;

namespace HybridStore.Tests.Resilience;

public class RedisFailureClassifierTests
{
    private static readonly HashSet<RedisErrorKind> ServesNobody =
    [
        RedisErrorKind.Loading, RedisErrorKind.ClusterDown, RedisErrorKind.MasterDown, RedisErrorKind.Busy,
        RedisErrorKind.MaxClients, RedisErrorKind.ConnectionFault, RedisErrorKind.Timeout,
    ];

    public static TheoryData<RedisErrorKind> Kinds => [.. Enum.GetValues<RedisErrorKind>()];

    public static TheoryData<ConnectionFailureType> ConnectionFailures => [.. Enum.GetValues<ConnectionFailureType>()];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Of_the_kinds_of_server_errors_only_those_of_a_server_that_serves_nobody_count(RedisErrorKind kind) =>
        Assert.Equal(
            ServesNobody.Contains(kind) ? RedisCallVerdict.Unavailable : RedisCallVerdict.Answered,
            RedisFailureClassifier.Classify(new RedisServerException(kind, CommandFlags.None, "whatever")));

    [Theory]
    [InlineData("LOADING Redis is loading the dataset in memory", true)]
    [InlineData("CLUSTERDOWN Hash slot not served", true)]
    [InlineData("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", true)]
    [InlineData("BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.", true)]
    [InlineData("ERR max number of clients reached", true)]
    [InlineData("WRONGTYPE Operation against a key holding the wrong kind of value", false)]
    [InlineData("NOSCRIPT No matching script. Please use EVAL.", false)]
    [InlineData("MOVED 3999 127.0.0.1:6381", false)]
    [InlineData("ASK 3999 127.0.0.1:6381", false)]
    [InlineData("TRYAGAIN Multiple keys request during rehashing of slot", false)]
    [InlineData("OOM command not allowed when used memory > 'maxmemory'.", false)]
    [InlineData("READONLY You can't write against a read only replica.", false)]
    [InlineData("NOAUTH Authentication required.", false)]
    [InlineData("NOPERM this user has no permissions to run the 'get' command", false)]
    [InlineData("BUSYKEY Target key name already exists.", false)]
    [InlineData("ERR unknown command 'X', LOADING is not what this is", false)]
    [InlineData("", false)]
    public void A_server_error_of_no_known_kind_is_judged_by_the_prefix(string message, bool counts)
    {
        var verdict = counts ? RedisCallVerdict.Unavailable : RedisCallVerdict.Answered;

        Assert.Equal(
            verdict,
            RedisFailureClassifier.Classify(new RedisServerException(RedisErrorKind.UnknownError, CommandFlags.None, message)));
        Assert.Equal(
            verdict,
            RedisFailureClassifier.Classify(new RedisServerException(RedisErrorKind.Unknown, CommandFlags.None, message)));
    }

    [Theory]
    [MemberData(nameof(ConnectionFailures))]
    public void Every_connection_failure_counts(ConnectionFailureType type) => Assert.Equal(
        RedisCallVerdict.Unavailable,
        RedisFailureClassifier.Classify(Gone(type)));

    private static RedisConnectionException Gone(ConnectionFailureType type) =>
        new(type, CommandFlags.None, "gone", innerException: null, CommandStatus.Unknown);

    [Fact]
    public void Timeouts_broken_sockets_and_a_disposed_multiplexer_count() => Assert.All<Exception>(
        [
            new RedisTimeoutException(CommandFlags.None, "slow", CommandStatus.Sent),
            new TimeoutException(),
            new TimeoutRejectedException(),
            new SocketException((int)SocketError.ConnectionReset),
            new IOException(),
            new EndOfStreamException(),
            new ObjectDisposedException("ConnectionMultiplexer"),
        ],
        failure => Assert.Equal(RedisCallVerdict.Unavailable, RedisFailureClassifier.Classify(failure)));

    [Fact]
    public void What_ends_on_this_side_proves_nothing() => Assert.All<Exception>(
        [
            new OperationCanceledException(),
            new TaskCanceledException(),
            new RedisCommandException("not on a replica"),
            new InvalidOperationException(),
            new ArgumentException("bad"),
        ],
        failure => Assert.Equal(RedisCallVerdict.Inconclusive, RedisFailureClassifier.Classify(failure)));
}
