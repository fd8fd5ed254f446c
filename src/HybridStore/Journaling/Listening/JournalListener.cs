using HybridStore.Diagnostics;
using HybridStore.Fencing;
using HybridStore.Redis;
using HybridStore.Redis.Generations;
using HybridStore.Resilience;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace HybridStore.Journaling.Listening;

/// <summary>Runs behind a store: leads if nobody else does, and stands by otherwise. Whatever goes wrong is logged, and tried again.</summary>
internal sealed class JournalListener : IAsyncDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan StandByPause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LeastSilence = TimeSpan.FromSeconds(5);

    // A leader that Redis does not answer lets others try: it may be its own network.
    private static readonly TimeSpan LongestWithoutRedis = TimeSpan.FromSeconds(5);

    private readonly NpgsqlDataSource _dataSource;
    private readonly JournalNames _names;
    private readonly JournalOptions _options;
    private readonly RedisConnection _redis;
    private readonly Func<RedisSession, JournalApplier> _newApplier;
    private readonly JournalPurge _purge;
    private readonly JournalMetrics _metrics;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly BackgroundLoop _loop;
    private bool _reachesRedis = true;
    private volatile JournalApplier? _applier;

    public JournalListener(
        NpgsqlDataSource dataSource,
        JournalOptions options,
        RedisConnection redis,
        RedisInvalidations invalidations,
        RedisGenerations generations,
        JournalMetrics metrics,
        TimeProvider timeProvider,
        ILogger logger,
        ProtocolUnderTest? test)
    {
        (_dataSource, _options, _redis, _metrics, _timeProvider, _logger) = (dataSource, options, redis, metrics, timeProvider, logger);
        _names = new JournalNames(options.Schema);
        var marks = new RedisMarks(generations);
        _newApplier = session => new JournalApplier(session, invalidations, marks, generations, metrics, timeProvider, logger, test);
        _purge = new JournalPurge(dataSource, _names, options.Retention, timeProvider, logger);
        _loop = new BackgroundLoop(RunAsync);
    }

    /// <summary>Whether this instance applies the journal.</summary>
    public bool IsLeading { get; private set; }

    private TimeSpan LongestSilence => 4 * _options.MarkInterval > LeastSilence ? 4 * _options.MarkInterval : LeastSilence;

    /// <summary>To be told when Redis serves again.</summary>
    public void RetryNow() => _applier?.RetryNow();

    /// <summary>Starts to run. PostgreSQL may be away: it is then tried again.</summary>
    /// <exception cref="InvalidOperationException">It is connected to what cannot be listened to, or the journal is not there.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            var connection = await OpenAsync(cancellationToken).ConfigureAwait(false);
            await connection.DisposeAsync().ConfigureAwait(false);
        }
        catch (NpgsqlException error)
        {
            JournalLog.NotReachedAtStart(_logger, error);
        }

        _loop.Start();
    }

    public async ValueTask DisposeAsync()
    {
        await _loop.DisposeAsync().ConfigureAwait(false);
        await _purge.DisposeAsync().ConfigureAwait(false);
    }

    private Task<JournalConnection> OpenAsync(CancellationToken cancellationToken) =>
        JournalConnection.OpenAsync(_dataSource, _names, LongestSilence, _timeProvider, cancellationToken);

    private async Task RunAsync(CancellationToken stopping)
    {
        var pause = FirstPause;
        while (!stopping.IsCancellationRequested)
        {
            var startedAt = _timeProvider.GetTimestamp();
            try
            {
                await _redis.Ready.WaitAsync(stopping).ConfigureAwait(false);
                await RunOnceAsync(stopping).ConfigureAwait(false);
            }
            catch (Exception error) when (stopping.IsCancellationRequested || _redis.Ready.IsCanceled)
            {
                // The store is disposed.
                FailureLog.InFull(_logger, error);
                return;
            }
            catch (Exception error)
            {
                _metrics.Reconnected();
                JournalLog.Interrupted(_logger, error is InvalidOperationException ? error.Message : FailureLog.KindOf(error));
                FailureLog.InFull(_logger, error);
            }
            finally
            {
                IsLeading = false;
                _metrics.Leads(null);
            }

            if (!_reachesRedis)
            {
                // Others look for the lock more often than that, and may reach it.
                _reachesRedis = true;
                await PauseAsync(4 * StandByPause, stopping).ConfigureAwait(false);
                continue;
            }

            // What went well for a while and then broke is tried again at once.
            pause = _timeProvider.GetElapsedTime(startedAt) > LongestPause ? FirstPause : pause * 2 < LongestPause ? pause * 2 : LongestPause;
            await PauseAsync(pause, stopping).ConfigureAwait(false);
        }
    }

    private async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        var connection = await OpenAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            while (!await connection.TryLeadAsync(cancellationToken).ConfigureAwait(false))
            {
                await Task.Delay(Jittered(StandByPause), _timeProvider, cancellationToken).ConfigureAwait(false);
            }

            JournalLog.Leads(_logger);
            IsLeading = true;
            await LeadAsync(connection, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Leads until the session ends, or Redis has not been reached for some time.</summary>
    private async Task LeadAsync(JournalConnection connection, CancellationToken cancellationToken)
    {
        var doorbell = new Doorbell(connection, _options.RingDoorbell, _options.MarkInterval, _metrics, _timeProvider);
        var (isFirst, isUnmarked) = (true, true);
        var (markedAt, reachedAt) = (_timeProvider.GetTimestamp(), _timeProvider.GetTimestamp());
        JournalApplier? applier = null;

        // Not before it has answered.
        _reachesRedis = false;
        while (true)
        {
            if (applier is null || !applier.Fits(_redis.Session))
            {
                _applier = applier = _newApplier(_redis.Session!);
                var current = applier;
                _metrics.Leads(() => current.AgeOfMarks);
            }

            await doorbell.PrepareAsync(isFirst, cancellationToken).ConfigureAwait(false);
            isFirst = false;
            var look = await applier.RunAsync(connection, doorbell.Bells, cancellationToken).ConfigureAwait(false);
            isUnmarked |= look.Found > 0;
            var sinceMark = _timeProvider.GetElapsedTime(markedAt);
            var hasLost = false;
            if (sinceMark >= _options.MarkInterval || (isUnmarked && (look.Found == 0 || sinceMark >= _options.MarkInterval / 10)))
            {
                hasLost = !await applier.MarkAsync().ConfigureAwait(false);
                (isUnmarked, markedAt) = (false, _timeProvider.GetTimestamp());
            }

            _reachesRedis = applier.HasReached;
            reachedAt = _reachesRedis ? _timeProvider.GetTimestamp() : reachedAt;
            if (_timeProvider.GetElapsedTime(reachedAt) > LongestWithoutRedis)
            {
                JournalLog.StepsDown(_logger);
                return;
            }

            _purge.RunIfDue(applier.AppliedBelow);
            if (!hasLost)
            {
                await doorbell.WaitAsync(look, _options.MarkInterval - _timeProvider.GetElapsedTime(markedAt), cancellationToken)
                    .ConfigureAwait(false);
            }
        }
    }

    private async Task PauseAsync(TimeSpan pause, CancellationToken stopping)
    {
        await Task.Delay(Jittered(pause), _timeProvider, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    // Instances that have lost the same server do not knock together.
    private static TimeSpan Jittered(TimeSpan pause) => pause * (0.75 + (Random.Shared.NextDouble() / 2));
}
