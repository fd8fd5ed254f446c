using System.Diagnostics;
using HybridStore.Resilience;

namespace HybridStore.Realtime.Redis;

/// <summary>
/// Lets what many callers want travel together. In each lane what finds few enough calls under way is sent at once; what comes meanwhile leaves
/// together, in the order in which it came, when one of them has ended: nothing waits while Redis is idle, and the busier it gets the fewer and
/// larger its calls become. Safe to use from any thread.
/// </summary>
/// <typeparam name="TLane">What may travel together has the same lane. It costs nothing while nothing is under way in it.</typeparam>
/// <typeparam name="TItem">What is wanted.</typeparam>
/// <typeparam name="TAnswer">What comes of it.</typeparam>
/// <param name="sendAsync">Makes a call for some items, and returns an answer for each. What it throws goes to all of them.</param>
/// <param name="itemsPerCall">How many travel together at most: larger calls gain nothing more, and hold Redis up for others.</param>
/// <param name="mostUnderWay">How many calls of a lane may be under way. With one, each sees what those before have done; with two the answers of
/// one are handed out while Redis works on the other.</param>
/// <param name="limit">Ends waits; null: none.</param>
internal sealed class CallCombiner<TLane, TItem, TAnswer>(
    Func<TLane, IReadOnlyList<TItem>, Task<IReadOnlyList<TAnswer>>> sendAsync,
    int itemsPerCall,
    int mostUnderWay = 1,
    IWaitLimit<TAnswer>? limit = null)
    where TLane : notnull
{
    private readonly Lock _lock = new();
    private readonly Dictionary<TLane, Lane> _lanes = [];

    /// <summary>What comes of an item.</summary>
    /// <param name="lane">What it may travel with.</param>
    /// <param name="item">The item.</param>
    /// <param name="cancellationToken">Ends the wait, not the call.</param>
    public Task<TAnswer> MakeAsync(TLane lane, TItem item, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<TAnswer>(cancellationToken);
        }

        var answer = MakeAsync(lane, item);
        return cancellationToken.CanBeCanceled && !answer.IsCompleted ? WaitAsync(answer, cancellationToken) : answer;
    }

    private static async Task<TAnswer> WaitAsync(Task<TAnswer> answer, CancellationToken cancellationToken)
    {
        try
        {
            return await answer.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            BoundedCall.Abandon(answer);
            throw;
        }
    }

    private Task<TAnswer> MakeAsync(TLane name, TItem item)
    {
        var now = limit?.Now ?? 0;
        lock (_lock)
        {
            if (!_lanes.TryGetValue(name, out var lane))
            {
                _lanes.Add(name, lane = new Lane());
            }

            if (lane.UnderWay == mostUnderWay)
            {
                var waiting = new Waiting(item, now);
                lane.Waiting.Enqueue(waiting);
                return waiting.Task;
            }

            lane.UnderWay++;
        }

        return SendFirstAsync(name, item);
    }

    private async Task<TAnswer> SendFirstAsync(TLane lane, TItem item)
    {
        var isUseless = false;
        try
        {
            var answers = await sendAsync(lane, [item]).ConfigureAwait(false);
            isUseless = EndsWaits(answers);
            return answers[0];
        }
        finally
        {
            // The next call leaves before this caller goes on.
            if (Take(lane, isUseless) is { Count: > 0 } next)
            {
                Begin(lane, next);
            }
        }
    }

    /// <summary>The calls that follow are no part of what the first caller does, and must not be traced as such.</summary>
    private void Begin(TLane lane, List<Waiting> next)
    {
        var activity = Activity.Current;
        var isFlowing = !ExecutionContext.IsFlowSuppressed();
        var flow = isFlowing ? ExecutionContext.SuppressFlow() : default;
        try
        {
            Activity.Current = null;
            _ = SendAllAsync(lane, next);
        }
        finally
        {
            Activity.Current = activity;
            if (isFlowing)
            {
                flow.Undo();
            }
        }
    }

    /// <summary>Sends what waits, one call after the other, until nothing does. Never throws: what goes wrong is told to those who wait.</summary>
    private async Task SendAllAsync(TLane lane, List<Waiting> taken)
    {
        var isUseless = false;
        for (; taken.Count > 0; taken = Take(lane, isUseless))
        {
            isUseless = false;
            try
            {
                var answers = await sendAsync(lane, taken.ConvertAll(static waiting => waiting.Item)).ConfigureAwait(false);
                isUseless = EndsWaits(answers);
                for (var index = 0; index < taken.Count; index++)
                {
                    taken[index].SetResult(answers[index]);
                }
            }
            catch (Exception error)
            {
                foreach (var waiting in taken)
                {
                    _ = waiting.TrySetException(error);
                }
            }
        }
    }

    // The last is the last to be answered.
    private bool EndsWaits(IReadOnlyList<TAnswer> answers) => limit?.EndsWaits(answers[^1]) is true;

    /// <summary>The next call; none, and one less under way, if nothing waits.</summary>
    private List<Waiting> Take(TLane name, bool isUseless)
    {
        List<Waiting> taken;
        List<(Waiting Waiting, TAnswer Answer)>? over = null;
        var now = limit?.Now ?? 0;
        lock (_lock)
        {
            var lane = _lanes[name];
            taken = new List<Waiting>(Math.Min(lane.Waiting.Count, itemsPerCall));
            while (taken.Count < itemsPerCall && lane.Waiting.TryDequeue(out var waiting))
            {
                if (limit is not null && limit.IsOver(waiting.Since, now, isUseless, out var answer))
                {
                    (over ??= []).Add((waiting, answer));
                }
                else
                {
                    taken.Add(waiting);
                }
            }

            if (taken.Count == 0 && --lane.UnderWay == 0)
            {
                _lanes.Remove(name);
            }
        }

        foreach (var (waiting, answer) in over ?? [])
        {
            waiting.SetResult(answer);
        }

        return taken;
    }

    private sealed class Lane
    {
        public Queue<Waiting> Waiting { get; } = new();

        public int UnderWay { get; set; }
    }

    /// <summary>An item, and whoever waits for what comes of it.</summary>
    private sealed class Waiting(TItem item, long since) : TaskCompletionSource<TAnswer>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public TItem Item => item;

        public long Since => since;
    }
}
