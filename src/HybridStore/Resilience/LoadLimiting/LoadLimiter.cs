using System.Threading.RateLimiting;
using Microsoft.Extensions.Logging;

namespace HybridStore.Resilience.LoadLimiting;

// The permits have neither timer nor handle while nobody rests in them: there is nothing to dispose. Loads that wait when a store ends get
// their turn.
#pragma warning disable CA1001
/// <summary>
/// Bounds the loads that run at once. Those that do not have to wait take a permit as well, as long as there is one: loads that began while
/// Redis served are part of the limit when it does no longer. Thread-safe.
/// </summary>
internal sealed class LoadLimiter
#pragma warning restore CA1001
{
    // Between two log lines about loads that were turned away.
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(10);

    private readonly ConcurrencyLimiter _permits;
    private readonly int _limit;
    private readonly TimeSpan _longestWait;
    private readonly bool _always;
    private readonly Func<bool> _isWriting;
    private readonly LoadLimiterMetrics? _metrics;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private int _running;
    private long _rejected;
    private long _rejectedAt;
    private long _loggedAt;

    /// <param name="options">The rule. It is read once, here.</param>
    /// <param name="poolSize">How many connections loads can have.</param>
    /// <param name="isWriting">Whether the caller's flow holds an open transaction.</param>
    /// <param name="metrics">Counts; null where nobody looks.</param>
    /// <param name="timeProvider">Measures.</param>
    /// <param name="logger">Logs.</param>
    public LoadLimiter(
        LoadLimiterOptions options,
        int poolSize,
        Func<bool> isWriting,
        LoadLimiterMetrics? metrics,
        TimeProvider timeProvider,
        ILogger logger)
    {
        _limit = options.MaxConcurrentLoads ?? Math.Clamp(poolSize / 2, 1, LoadLimiterOptions.MostLoads);
        _permits = new ConcurrencyLimiter(new ConcurrencyLimiterOptions
        {
            PermitLimit = _limit,
            QueueLimit = options.MaxQueuedLoads,
            QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
        });
        (_longestWait, _always, _isWriting, _metrics) = (options.MaxWait, options.Always, isWriting, metrics);
        (_timeProvider, _logger) = (timeProvider, logger);
        _metrics?.Observe(this);
    }

    /// <summary>How many loads may run at once.</summary>
    public int Limit => _limit;

    /// <summary>How many run now.</summary>
    public int Running => Volatile.Read(ref _running);

    /// <summary>How many wait.</summary>
    public long Queued => _permits.GetStatistics() is { } statistics ? statistics.CurrentQueuedCount : 0;

    /// <summary>How many were turned away.</summary>
    public long Rejected => Interlocked.Read(ref _rejected);

    /// <summary>How long ago the last of them was; null if there was none.</summary>
    public TimeSpan? SinceLastRejection => Rejected == 0 ? null : _timeProvider.GetElapsedTime(Interlocked.Read(ref _rejectedAt));

    /// <summary>Lets a load run, at once or when its turn comes.</summary>
    /// <param name="isBypassing">Whether it runs because Redis is out of reach.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="HybridStoreOverloadedException">Too many wait, or it has waited for too long.</exception>
    public ValueTask<LoadPermit> EnterAsync(bool isBypassing, CancellationToken cancellationToken)
    {
        var permit = _permits.AttemptAcquire();
        return permit.IsAcquired || !(isBypassing || _always) || _isWriting()
            ? new ValueTask<LoadPermit>(Begin(permit))
            : WaitAsync(cancellationToken);
    }

    /// <summary>Whether the caller holds a transaction while loads of this kind may have to wait: it had better wait for nobody's.</summary>
    public bool Spares(bool isBypassing) => (isBypassing || _always) && _isWriting();

    /// <summary>Lets a load run that nobody waits for. Null where it had better be left out.</summary>
    public LoadPermit? TryEnterBehind()
    {
        var permit = _permits.AttemptAcquire();
        return permit.IsAcquired || !_always ? Begin(permit) : null;
    }

    internal void Leave(RateLimitLease permit)
    {
        Interlocked.Decrement(ref _running);
        permit.Dispose();
    }

    private LoadPermit Begin(RateLimitLease permit)
    {
        Interlocked.Increment(ref _running);
        return new LoadPermit(this, permit);
    }

    private async ValueTask<LoadPermit> WaitAsync(CancellationToken cancellationToken)
    {
        var startedAt = _timeProvider.GetTimestamp();
        using var patience = new CancellationTokenSource(_longestWait, _timeProvider);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            var permit = await _permits.AcquireAsync(1, ending.Token).ConfigureAwait(false);
            _metrics?.Waited(_timeProvider.GetElapsedTime(startedAt));
            return permit.IsAcquired ? Begin(permit) : throw TurnAway(TimeSpan.Zero, queueWasFull: true);
        }
        catch (OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw TurnAway(_longestWait, queueWasFull: false);
        }
    }

    private HybridStoreOverloadedException TurnAway(TimeSpan waited, bool queueWasFull)
    {
        _metrics?.Rejected(queueWasFull);
        var (now, loggedAt) = (_timeProvider.GetTimestamp(), Interlocked.Read(ref _loggedAt));
        Interlocked.Exchange(ref _rejectedAt, now);
        var rejected = Interlocked.Increment(ref _rejected);
        if ((rejected == 1 || _timeProvider.GetElapsedTime(loggedAt, now) >= Silence)
            && Interlocked.CompareExchange(ref _loggedAt, now, loggedAt) == loggedAt)
        {
            LoadLimiterLog.TurnedAway(_logger, rejected, _limit);
        }

        return new HybridStoreOverloadedException(_limit, waited, queueWasFull);
    }
}
