using StackExchange.Redis;

namespace HybridStore.Redis.Janitor;

/// <summary>Calls that are in no hurry: after each one there is a pause nine times as long as it took, so that all together they take a
/// tenth of Redis's time at most. They do not pass the circuit breaker: what they run into must not keep readers from Redis.</summary>
internal sealed class PacedCalls(RedisSession session, TimeProvider timeProvider, CancellationToken cancellationToken)
{
    /// <summary>Pause and call, in lengths of the call.</summary>
    private const int Pace = 9;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    public RedisSession Session { get; } = session;

    public TimeProvider Time { get; } = timeProvider;

    /// <summary>Throws what the client throws, <see cref="TimeoutException"/>, or that it is to stop.</summary>
    public Task<RedisResult> EvaluateAsync(RedisScript script, RedisKey[] keys, RedisValue[] arguments) =>
        PaceAsync(() => Session.Database.ScriptEvaluateAsync(Session.TextOf(script), keys, arguments, CommandFlags.DemandMaster));

    /// <summary>Some of the names of one server: the cursor to go on with, and the names.</summary>
    public async Task<(RedisValue Cursor, byte[][] Names)> ScanAsync(IServer server, RedisValue cursor, string pattern, int count)
    {
        var answer = await PaceAsync(() => server.ExecuteAsync(
            Session.Database.Database, "SCAN", [cursor, "MATCH", pattern, "COUNT", count])).ConfigureAwait(false);
        return ((RedisValue)answer[0], [.. ((byte[]?[]?)answer[1] ?? []).OfType<byte[]>()]);
    }

    /// <summary>Sent on the way out, without waiting for an answer.</summary>
    public void SendLast(RedisScript script, RedisKey[] keys, RedisValue[] arguments) => _ = Session.Database.ScriptEvaluateAsync(
        Session.TextOf(script), keys, arguments, CommandFlags.DemandMaster | CommandFlags.FireAndForget);

    private async Task<RedisResult> PaceAsync(Func<Task<RedisResult>> call)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var sentAt = Time.GetTimestamp();
        var answer = await call().WaitAsync(Patience, Time, cancellationToken).ConfigureAwait(false);
        var pause = Time.GetElapsedTime(sentAt) * Pace;
        await Task.Delay(pause < LongestPause ? pause : LongestPause, Time, cancellationToken).ConfigureAwait(false);
        return answer;
    }
}
