using HybridStore.Diagnostics;
using HybridStore.Fencing;
using HybridStore.Postgres;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace HybridStore.Journaling;

/// <summary>
/// PostgreSQL's clock as this process knows it, for judging how old an applied mark is: no later than it says, by the monotonic clock from the
/// moment at which PostgreSQL was asked. Asked again every few seconds while it is in use. Thread-safe.
/// </summary>
internal sealed class PostgresClock(PostgresGateway postgres, TimeProvider timeProvider, ILogger logger)
{
    private const int TimeoutInSeconds = 5;

    // Two clocks may run apart by a thousandth: more than any that is disciplined.
    private const double Drift = 0.001;

    private static readonly TimeSpan IsFreshFor = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan IsKnownFor = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LeastPause = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private Sample? _sample;
    private Task _asking = Task.CompletedTask;
    private long? _askedAt;

    /// <summary>Whether it has been told lately.</summary>
    public bool IsKnown => Volatile.Read(ref _sample) is { } sample && timeProvider.GetElapsedTime(sample.SentAt) < IsKnownFor;

    /// <summary>Microseconds since the Unix epoch, at most; null where that is not known.</summary>
    public long? LatestNow()
    {
        if (Volatile.Read(ref _sample) is not { } sample)
        {
            return null;
        }

        var elapsed = timeProvider.GetElapsedTime(sample.SentAt);
        if (elapsed >= IsFreshFor)
        {
            Ask();
        }

        return elapsed < IsKnownFor ? sample.PostgresTime + (long)(elapsed.TotalMicroseconds * (1 + Drift)) : null;
    }

    /// <summary>Waits until it is known, or could not be told.</summary>
    public Task WhenAskedAsync(CancellationToken cancellationToken) => Ask().WaitAsync(cancellationToken);

    /// <summary>Asks again, but not all the time. What it says contradicts a mark: one of the clocks was set.</summary>
    public void Doubt() => Ask();

    private Task Ask()
    {
        lock (_lock)
        {
            if (_asking.IsCompleted && !(_askedAt is { } at && timeProvider.GetElapsedTime(at) < LeastPause))
            {
                _askedAt = timeProvider.GetTimestamp();

                // Nothing of the caller goes along, least of all an ambient transaction.
                using (ExecutionContext.SuppressFlow())
                {
                    _asking = Task.Run(AskAsync);
                }
            }

            return _asking;
        }
    }

    private async Task AskAsync()
    {
        try
        {
            var command = postgres.DataSource.CreateCommand("SELECT clock_timestamp()");
            await using (command.ConfigureAwait(false))
            {
                command.CommandTimeout = TimeoutInSeconds;
                var sentAt = timeProvider.GetTimestamp();
                var told = (DateTime)(await command.ExecuteScalarAsync().ConfigureAwait(false))!;
                Volatile.Write(ref _sample, new Sample(PostgresTime.MicrosecondsOf(told), sentAt));
            }
        }
        catch (NpgsqlException error)
        {
            JournalLog.ClockNotAsked(logger, FailureLog.KindOf(error));
            FailureLog.InFull(logger, error);
        }
        catch (ObjectDisposedException error)
        {
            // The store is disposed.
            FailureLog.InFull(logger, error);
        }
    }

    private sealed record Sample(long PostgresTime, long SentAt);
}
