using HybridStore.Diagnostics;
using Microsoft.Extensions.Logging;

namespace HybridStore.Redis.Janitor;

/// <summary>
/// Removes from Redis what nobody needs and nothing else would remove: expired members of tag sets that are not used any more, what earlier
/// generations have left, and fences of tags past their time. One instance does it for all. Nothing but memory depends on it.
/// </summary>
/// <param name="connection">The connection.</param>
/// <param name="prefix">What the store's names begin with.</param>
/// <param name="rest">For how long nobody needs to do it again.</param>
/// <param name="metrics">Counts.</param>
/// <param name="timeProvider">Measures calls, and the pauses between them.</param>
/// <param name="logger">Logs.</param>
internal sealed class CacheJanitor(
    RedisConnection connection, string prefix, TimeSpan rest, StoreMetrics metrics, TimeProvider timeProvider, ILogger logger)
{
    /// <summary>Tidies up, if it is this instance's turn. Throws what the client throws.</summary>
    public async Task<JanitorOutcome> RunAsync(CancellationToken cancellationToken)
    {
        // Each instance for itself: what Redis evicts can be changed while it runs.
        await connection.RefreshEvictionAsync(cancellationToken).ConfigureAwait(false);
        if (connection.Session is not { } session)
        {
            return JanitorOutcome.NotMyTurn;
        }

        var calls = new PacedCalls(session, timeProvider, cancellationToken);
        var turn = new JanitorTurn(calls, RedisLayout.JanitorTurn(prefix));
        var generation = session.Generations.Current?.Number ?? 0;
        if (!await turn.TakeAsync(generation).ConfigureAwait(false))
        {
            return JanitorOutcome.NotMyTurn;
        }

        var run = new JanitorRun(calls, turn, new StoredNames(prefix, session.Layout));
        try
        {
            await run.RunAsync().ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            turn.GiveUp();
            throw;
        }
        finally
        {
            Report(run);
        }

        var isDone = !run.IsAnythingInGrace && run.Failure is null;
        await turn.LeaveAsync(generation, isDone ? rest : TimeSpan.Zero).ConfigureAwait(false);
        return isDone ? JanitorOutcome.Done : run.Failure is null ? JanitorOutcome.InGrace : JanitorOutcome.Failed;
    }

    private void Report(JanitorRun run)
    {
        var removed = run.Removed;
        metrics.Removed("entry", removed.Entries);
        metrics.Removed("tag_set", removed.TagSets);
        metrics.Removed("member", removed.Members);
        metrics.Removed("tag_fences", removed.TagFences);
        JanitorLog.Tidied(logger, removed.Entries, removed.TagSets, removed.Members, removed.TagFences);
        if (run.Failure is { } failure)
        {
            JanitorLog.Failed(logger, FailureLog.KindOf(failure));
            FailureLog.InFull(logger, failure);
        }
    }
}
