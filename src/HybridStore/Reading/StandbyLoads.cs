using HybridStore.Diagnostics;
using Microsoft.Extensions.Logging;
using Npgsql;
using Polly;
using Polly.CircuitBreaker;

namespace HybridStore.Reading;

/// <summary>
/// Loads that read a standby first. What it shows may be old by any length of time, so it is taken only if its snapshot is behind everything
/// that had been invalidated in the partition when the lease was granted: who reads after an invalidation gets nothing older, as on the
/// primary. A standby that is away, refuses or lags costs a second load and fails nobody.
/// </summary>
internal sealed class StandbyLoads
{
    private const string Used = "used";
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(30);

    private readonly NpgsqlDataSource _source;
    private readonly StoreMetrics _metrics;
    private readonly ILogger _logger;
    private readonly ResiliencePipeline _breaker;

    public StandbyLoads(NpgsqlDataSource source, StoreMetrics metrics, TimeProvider timeProvider, ILogger logger)
    {
        (_source, _metrics, _logger) = (source, metrics, logger);

        // A host that does not answer would keep each load waiting for the whole connection time-out.
        _breaker = new ResiliencePipelineBuilder { TimeProvider = timeProvider }
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions
            {
                FailureRatio = 0.5,
                MinimumThroughput = 2,
                SamplingDuration = Rest,
                BreakDuration = Rest,
                ShouldHandle = static outcome => ValueTask.FromResult(
                    outcome.Outcome.Exception is { } error && OfPostgres(error) is not (null or PostgresException)),
            })
            .Build();
    }

    /// <summary>Runs a load on the standby. Null where it has to be run on the primary.</summary>
    /// <param name="load">The load.</param>
    /// <param name="high">The largest xid that its value has to reflect.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    public async Task<(T Value, LoadContext Context, TimeSpan Duration)?> TryAsync<T>(
        Func<NpgsqlDataSource, CancellationToken, Task<(T Value, LoadContext Context, TimeSpan Duration)>> load,
        ulong high,
        CancellationToken cancellationToken)
    {
        try
        {
            var loaded = await _breaker.ExecuteAsync(
                async token => await load(_source, token).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
            var verdict = Judge(loaded.Context, high);
            _metrics.LoadedOnStandby(verdict);
            return verdict == Used ? loaded : null;
        }
        catch (BrokenCircuitException)
        {
            _metrics.LoadedOnStandby("resting");
        }
        catch (Exception error) when (OfPostgres(error) is not null)
        {
            // Also what only a standby refuses: a load that writes, or one that stands in the way of what is replayed.
            ReadingLog.StandbyFailed(_logger, FailureLog.KindOf(error));
            FailureLog.InFull(_logger, error);
            _metrics.LoadedOnStandby("failed");
        }

        return null;
    }

    private static string Judge(LoadContext context, ulong high) => context.Stamp switch
    {
        // Promoted, or never one: its ids may mean other writes than the primary's.
        { IsTaken: true, IsFromStandby: false } => "not_a_standby",
        { IsFromStandby: true, Known: var known } when !(known is not null && high < known.Xmin) => "lagging",
        _ => Used,
    };

    private static NpgsqlException? OfPostgres(Exception? error)
    {
        while (error is not (null or NpgsqlException))
        {
            error = error.InnerException;
        }

        return (NpgsqlException?)error;
    }
}
