using HybridStore.Realtime.Redis;
using HybridStore.Redis;
using StackExchange.Redis;

namespace HybridStore.Realtime.Buffering;

/// <summary>
/// The appends of this process to one partition. One that finds nothing in flight is sent at once; those that arrive meanwhile leave together,
/// as one entry, when the answer is there. So nothing waits while Redis is idle, and the busier it gets the fewer and larger its calls become.
/// </summary>
/// <remarks>Calls are numbered and leave one after the other: Redis takes each at most once, however often it is sent. That is how a call that
/// was not answered is repeated, or written past Redis.</remarks>
internal sealed class AppendPump(
    RedisLink link, BufferLayout layout, int partition, Guid producer, IUnansweredCalls unanswered, BufferSignals signals, TimeProvider timeProvider)
{
    private static readonly RedisScript Script = RealtimeScripts.Load("buffer-append.lua");
    private static readonly RealtimeOperation Operation = new("buffer", "append");

    /// <summary>As long as what was written is remembered in PostgreSQL.</summary>
    private static readonly RedisValue ProducerIsRememberedFor = (long)BufferTables.CallsAreRememberedFor.TotalMilliseconds;

    private readonly RedisKey[] _keys = [layout.Stream(partition), layout.State(partition), layout.Producer(partition, producer)];
    private readonly Lock _lock = new();
    private readonly Queue<PendingAppend> _waiting = new();
    private bool _isBusy;
    private long _lastSent;

    /// <summary>What Redis has acknowledged.</summary>
    public AcknowledgedCalls Acknowledged { get; } = new(timeProvider);

    /// <summary>Ends when it is known what became of the rows, or by the caller's cancellation.</summary>
    public Task<AppendOutcome> AppendAsync(PendingAppend append, CancellationToken cancellationToken)
    {
        bool isFirst;
        lock (_lock)
        {
            _waiting.Enqueue(append);
            isFirst = !_isBusy;
            _isBusy = true;
        }

        if (isFirst)
        {
            _ = PumpAsync();
        }

        return cancellationToken.CanBeCanceled ? WaitAsync(append, cancellationToken) : append.Task;
    }

    private static async Task<AppendOutcome> WaitAsync(PendingAppend append, CancellationToken cancellationToken)
    {
        var registration = cancellationToken.UnsafeRegister(
            static (state, token) => ((PendingAppend)state!).TrySetCanceled(token), append);
        await using (registration.ConfigureAwait(false))
        {
            return await append.Task.ConfigureAwait(false);
        }
    }

    /// <summary>Sends what waits, one call after the other, until nothing does. Never throws: what goes wrong goes to those who wait.</summary>
    private async Task PumpAsync()
    {
        while (Take() is { } call)
        {
            try
            {
                await DeliverAsync(call).ConfigureAwait(false);
            }
            catch (Exception error)
            {
                call.Settle(new AppendOutcome(AppendVerdict.Unknown, error));
            }
        }
    }

    private AppendCall? Take()
    {
        var call = new AppendCall();
        lock (_lock)
        {
            while (_waiting.TryPeek(out var append))
            {
                if (append.Task.IsCompleted)
                {
                    // Cancelled before it was sent.
                    _waiting.Dequeue();
                    continue;
                }

                if (!call.HasRoomFor(append))
                {
                    break;
                }

                call.Add(_waiting.Dequeue());
            }

            _isBusy = call.Appends.Count > 0;
            return _isBusy ? call : null;
        }
    }

    private async Task DeliverAsync(AppendCall? call)
    {
        while (call is { Appends.Count: > 0 })
        {
            var number = ++_lastSent;
            try
            {
                call = await DeliverAsync(call, number).ConfigureAwait(false);
            }
            finally
            {
                Acknowledged.End(number);
            }
        }
    }

    /// <returns>What is still to be sent, as another call.</returns>
    private async Task<AppendCall?> DeliverAsync(AppendCall call, long number)
    {
        var entry = BufferEntry.Encode(producer, number, call.Rows, call.Appends);
        var answer = await SendAsync(call, number, entry).ConfigureAwait(false);
        switch (answer.Kind)
        {
            case AppendAnswerKind.Full:
                // Not taken, and never will be: the number is not used again.
                return call.Fit(answer.RowsOfRoom, answer.BytesOfRoom);
            case AppendAnswerKind.NotSent:
                call.Settle(new AppendOutcome(AppendVerdict.Unavailable, answer.Error));
                return null;
            case AppendAnswerKind.Unanswered:
                call.Settle(await unanswered.ResolveAsync(
                    partition, entry, call.Appends[0].WaitingSince, answer.Error!, () => SendAsync(call, number, entry)).ConfigureAwait(false));
                return null;
            default:
                call.Settle(new AppendOutcome(AppendVerdict.Taken));
                return null;
        }
    }

    private async Task<AppendAnswer> SendAsync(AppendCall call, long number, byte[] entry)
    {
        var result = await link.EvaluateAsync(
            Operation,
            Script,
            _keys,
            [number, call.Rows, call.Bytes, layout.MaximumRows, layout.MaximumBytes, entry, ProducerIsRememberedFor],
            CancellationToken.None).ConfigureAwait(false);
        var answer = AppendAnswer.Of(result);
        if (answer.Kind == AppendAnswerKind.Taken)
        {
            signals.Appended(partition, answer.RowsInPartition);
            if (!Acknowledged.TryTake(number, answer.LastBefore))
            {
                signals.Lost();
            }
        }

        return answer;
    }
}
