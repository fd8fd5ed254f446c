namespace HybridStore.Reading;

/// <summary>What a flight loads. Entries of one key as different types are different values.</summary>
internal readonly record struct FlightKey(string Key, Type Type);

/// <summary>A load that all callers of one key in this process share.</summary>
internal abstract class Flight
{
    private static long _arrivals;

    private long _beganAt;
    private int _fences;
    private int _isStayedWith;

    /// <summary>When what the flight brings began to be read, in the count of arrivals.</summary>
    public long BeganAt => Volatile.Read(ref _beganAt);

    /// <summary>How many fences the guard of the key was seen to hold. For metrics alone.</summary>
    public int Fences => Volatile.Read(ref _fences);

    /// <summary>Numbers everything that happens to flights. A caller that arrived before a load began can take what it brings, whatever was
    /// invalidated before the caller came.</summary>
    public static long NextArrival() => Interlocked.Increment(ref _arrivals);

    /// <summary>Whether a caller who goes on with an expired value is to stay with the load, so that it goes on too: one is enough, however
    /// many come while it takes.</summary>
    public bool TryStay() => Interlocked.Exchange(ref _isStayedWith, 1) == 0;

    public void NoteFences(int fences) => Volatile.Write(ref _fences, Math.Max(_fences, fences));

    /// <summary>What was read so far is given up; what the flight will bring is read from here on.</summary>
    public void MarkBegin() => Volatile.Write(ref _beganAt, NextArrival());
}

// The token source has neither timer nor wait handle, so there is nothing to dispose; and callers may still leave at that moment.
#pragma warning disable CA1001
/// <inheritdoc/>
/// <param name="starter">Cancelled when the caller whose delegate runs has gone.</param>
/// <param name="patience">How long that caller waits; null for as long as it takes.</param>
internal sealed class Flight<T>(CancellationToken starter, LoadPatience? patience = null) : Flight
#pragma warning restore CA1001
{
    private readonly TaskCompletionSource<Landing<T>> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // A caller who cannot be cancelled never leaves: its load then gets a token that costs the driver nothing.
    private readonly CancellationTokenSource? _abandoned = starter.CanBeCanceled ? new CancellationTokenSource() : null;
    private readonly Lock _waiting = new();
    private int _waiters = 1;

    public Task<Landing<T>> Landing => _completion.Task;

    /// <summary>Cancelled when all callers have gone.</summary>
    public CancellationToken Token => _abandoned?.Token ?? CancellationToken.None;

    /// <summary>Whether the caller whose delegate runs has stopped waiting: what the delegate uses may be gone with it. Its token is
    /// asked, since its delegate may fail before the caller itself has noticed and left.</summary>
    public bool StarterGone => starter.IsCancellationRequested || patience is { CallerHasGoneOn: true };

    /// <summary>False if the flight has been abandoned by all of its callers.</summary>
    public bool TryJoin()
    {
        lock (_waiting)
        {
            if (_waiters == 0)
            {
                return false;
            }

            _waiters++;
            return true;
        }
    }

    /// <summary>A caller stops waiting before the flight is over.</summary>
    public void Leave()
    {
        bool last;
        lock (_waiting)
        {
            last = --_waiters == 0;
        }

        if (last)
        {
            // Not awaited: what a cancelled load does in its callbacks is not this caller's to wait for.
            _ = _abandoned?.CancelAsync();
        }
    }

    /// <summary>Cancels the load although others may wait for it: they run their own.</summary>
    public void Abandon() => _ = _abandoned?.CancelAsync();

    public void Succeed(Landing<T> landing) => _completion.TrySetResult(landing);

    public void Fail(Exception error)
    {
        if (error is OperationCanceledException && Token.IsCancellationRequested)
        {
            _completion.TrySetCanceled(Token);
            return;
        }

        _completion.TrySetException(error);

        // Everybody may have gone: nobody is then left to observe it.
        _ = _completion.Task.Exception;
    }
}
