using System.Threading.Tasks.Sources;
using HybridStore.Resilience;
using StackExchange.Redis;

namespace HybridStore.Redis.CombinedReads;

/// <summary>
/// A read that waits for its call. Reused: two parties hold it, the one who awaits it and the pump that answers it, and it goes back
/// to its combiner when both have let go.
/// </summary>
internal sealed class PendingRead(ReadCombiner combiner) : IValueTaskSource<RedisCallResult<FoundEntry>>
{
    private const int Holders = 2;

    // Continuations go to the thread pool: what one caller does with its value must not hold up the others of the same call.
    private ManualResetValueTaskSourceCore<RedisCallResult<FoundEntry>> _core = new() { RunContinuationsAsynchronously = true };
    private CancellationTokenRegistration _cancellation;
    private int _holders;
    private int _settled;

    public RedisKey Key { get; private set; }

    /// <summary>When the read began to wait.</summary>
    public long WaitingSince { get; private set; }

    /// <summary>Whether nobody waits for the answer any more.</summary>
    public bool IsSettled => Volatile.Read(ref _settled) != 0;

    public void Begin(in RedisKey key, long waitingSince)
    {
        Key = key;
        WaitingSince = waitingSince;
        _holders = Holders;
        _settled = 0;
    }

    public ValueTask<RedisCallResult<FoundEntry>> AsValueTask(CancellationToken cancellationToken)
    {
        var version = _core.Version;
        if (cancellationToken.CanBeCanceled)
        {
            _cancellation = cancellationToken.UnsafeRegister(
                static (read, token) => ((PendingRead)read!).Cancel(token), this);
        }

        return new ValueTask<RedisCallResult<FoundEntry>>(this, version);
    }

    /// <summary>The pump's answer; ignored by a read that was cancelled. The pump lets go with it.</summary>
    public void Answer(in RedisCallResult<FoundEntry> result)
    {
        if (Interlocked.Exchange(ref _settled, 1) == 0)
        {
            _core.SetResult(result);
        }

        LetGo();
    }

    public RedisCallResult<FoundEntry> GetResult(short token)
    {
        // Before the read can be used again: a cancellation that comes late must not meet its next life. Dispose waits for one that
        // is running.
        _cancellation.Dispose();
        _cancellation = default;
        try
        {
            return _core.GetResult(token);
        }
        finally
        {
            LetGo();
        }
    }

    public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    private void Cancel(CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _settled, 1) == 0)
        {
            _core.SetException(new OperationCanceledException(cancellationToken));
        }
    }

    private void LetGo()
    {
        if (Interlocked.Decrement(ref _holders) == 0)
        {
            _core.Reset();
            Key = default;
            combiner.Return(this);
        }
    }
}
