using HybridStore.Diagnostics;
using Microsoft.Extensions.Logging;
using Npgsql;
using NpgsqlTypes;

namespace HybridStore.Journaling.Listening;

/// <summary>Removes from the journal what is applied everywhere and older than it is to be kept, some rows at a time and beside the
/// leader's work. Only the rows that go are locked: writers add others.</summary>
internal sealed class JournalPurge(
    NpgsqlDataSource dataSource, JournalNames names, TimeSpan retention, TimeProvider timeProvider, ILogger logger) : IAsyncDisposable
{
    private const int RowsAtOnce = 10_000;

    private readonly CancellationTokenSource _stopping = new();
    private readonly TimeSpan _interval = retention / 60 < TimeSpan.FromMinutes(1) ? retention / 60 : TimeSpan.FromMinutes(1);
    private Task _running = Task.CompletedTask;
    private long _ranAt = timeProvider.GetTimestamp();

    /// <param name="appliedBelow">All smaller ids have ended and are applied everywhere; null where that is not known.</param>
    public void RunIfDue(ulong? appliedBelow)
    {
        if (appliedBelow is { } below && _running.IsCompleted && timeProvider.GetElapsedTime(_ranAt) >= _interval)
        {
            _ranAt = timeProvider.GetTimestamp();
            _running = RunAsync(below);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
        _stopping.Dispose();
    }

    /// <summary>Removes what may go. What goes wrong is logged, and tried again at the next interval.</summary>
    private async Task RunAsync(ulong below)
    {
        try
        {
            while (await RemoveSomeAsync(below).ConfigureAwait(false) == RowsAtOnce)
            {
            }
        }
        catch (Exception error) when (error is NpgsqlException or OperationCanceledException or ObjectDisposedException)
        {
            if (!_stopping.IsCancellationRequested)
            {
                JournalLog.NotPurged(logger, FailureLog.KindOf(error));
            }

            FailureLog.InFull(logger, error);
        }
    }

    private async Task<long> RemoveSomeAsync(ulong below)
    {
        // The oldest ids only are looked at, so that it costs the same however much is kept. What is gone is written down with it: a
        // mark that has not seen all of it cannot be brought up to date any more.
        var command = dataSource.CreateCommand(
            $"""
            WITH oldest AS MATERIALIZED (
              SELECT ctid, xid, written_at FROM {names.Journal} WHERE xid < $1 ORDER BY xid LIMIT {RowsAtOnce}),
            gone AS (
              DELETE FROM {names.Journal} AS journal USING oldest
              WHERE journal.ctid = oldest.ctid AND oldest.written_at < clock_timestamp() - $2 RETURNING journal.xid),
            noted AS (
              UPDATE {names.State} SET purged_below = greatest(
                purged_below, ((SELECT xid FROM gone ORDER BY xid DESC LIMIT 1)::text::bigint + 1)::text::xid8)
              WHERE EXISTS (SELECT FROM gone))
            SELECT count(*) FROM gone
            """);
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.Add(new NpgsqlParameter<ulong> { TypedValue = below, NpgsqlDbType = NpgsqlDbType.Xid8 });
            command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = retention });
            return (long)(await command.ExecuteScalarAsync(_stopping.Token).ConfigureAwait(false))!;
        }
    }
}
