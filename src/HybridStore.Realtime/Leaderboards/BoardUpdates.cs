using StackExchange.Redis;

namespace HybridStore.Realtime.Leaderboards;

/// <summary>Makes changes of many callers to one board by one call: what comes while a call is under way goes with the next, in the order in
/// which it came. Nobody waits who comes alone. Safe to use from any thread.</summary>
internal sealed class BoardUpdates(BoardCalls calls)
{
    private readonly Lock _lock = new();

    // There as long as a call of the board is under way.
    private readonly Dictionary<(string Name, LeaderboardOrder Order), List<Waiting>> _waiting = [];

    /// <returns>What board-update.lua says of it.</returns>
    public Task<RedisResult> MakeAsync(Board board, LeaderboardUpdate update, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var own = new Waiting(update);
        var isFirst = false;
        lock (_lock)
        {
            if (!_waiting.TryGetValue((board.Name, board.Order), out var waiting))
            {
                _waiting.Add((board.Name, board.Order), waiting = []);
                isFirst = true;
            }

            waiting.Add(own);
        }

        if (isFirst)
        {
            Begin(board);
        }

        return own.Task.WaitAsync(cancellationToken);
    }

    private void Begin(Board board)
    {
        if (ExecutionContext.IsFlowSuppressed())
        {
            _ = SendAsync(board);
            return;
        }

        // The calls that follow are no part of what the first caller does, and must not be traced as such.
        using (ExecutionContext.SuppressFlow())
        {
            _ = SendAsync(board);
        }
    }

    /// <summary>Never throws: what goes wrong is told to those who wait.</summary>
    private async Task SendAsync(Board board)
    {
        while (Take(board) is { Count: > 0 } taken)
        {
            try
            {
                var answers = await calls.UpdateAsync(board, taken.ConvertAll(static waiting => waiting.Update), CancellationToken.None)
                    .ConfigureAwait(false);
                for (var index = 0; index < taken.Count; index++)
                {
                    taken[index].SetResult(answers[index]);
                }
            }
            catch (Exception error)
            {
                foreach (var waiting in taken)
                {
                    waiting.SetException(error);

                    // Seen, also where its caller has gone.
                    _ = waiting.Task.Exception;
                }
            }
        }
    }

    /// <summary>None, and then the next to come is the first again.</summary>
    private List<Waiting> Take(Board board)
    {
        lock (_lock)
        {
            var waiting = _waiting[(board.Name, board.Order)];
            var taken = waiting.GetRange(0, Math.Min(waiting.Count, BoardCalls.UpdatesPerCall));
            waiting.RemoveRange(0, taken.Count);
            if (taken.Count == 0)
            {
                _waiting.Remove((board.Name, board.Order));
            }

            return taken;
        }
    }

    /// <summary>A change, and whoever waits for what comes of it.</summary>
    private sealed class Waiting(LeaderboardUpdate update) : TaskCompletionSource<RedisResult>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public LeaderboardUpdate Update => update;
    }
}
