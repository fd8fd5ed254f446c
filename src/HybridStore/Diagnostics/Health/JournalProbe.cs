using System.Globalization;
using HybridStore.Fencing;
using HybridStore.Journaling;
using HybridStore.Redis;
using Polly.CircuitBreaker;
using StackExchange.Redis;

namespace HybridStore.Diagnostics.Health;

/// <summary>Whether the journal is applied to Redis: how old the oldest applied mark of all partitions is.</summary>
/// <param name="connection">The connection.</param>
/// <param name="clock">PostgreSQL's clock, by which marks are dated.</param>
/// <param name="threshold">How old a mark may be.</param>
internal sealed class JournalProbe(RedisConnection connection, PostgresClock clock, TimeSpan threshold) : IHealthProbe
{
    private const string Remedy =
        "see whether a process with the listener runs and which one leads (hybridstore.journal.leader), and what its log says (events "
        + "1700 to 1899).";

    /// <summary>How old a mark may be where it is written at these intervals.</summary>
    public static TimeSpan ThresholdOf(HybridStoreOptions options)
    {
        var least = 2 * options.Journal.MarkInterval;
        return options.Health.JournalLag > least ? options.Health.JournalLag : least;
    }

    public async Task<ProbeAnswer> ProbeAsync(CancellationToken cancellationToken)
    {
        // Where a circuit is open the other probe says so, and marks are not read: that would take its turn to find out.
        if (connection.Session is not { } session || session.Breakers.Any(circuit => circuit.State != CircuitState.Closed))
        {
            return ProbeAnswer.Well();
        }

        if (!clock.IsKnown)
        {
            await clock.WhenAskedAsync(cancellationToken).ConfigureAwait(false);
        }

        var marks = await Task.WhenAll(Enumerable.Range(0, session.Breakers.Length)
            .Select(partition => MarkOfAsync(session, partition, cancellationToken))).ConfigureAwait(false);
        if (marks.FirstOrDefault(mark => mark.Failure is not null).Failure is { } failure)
        {
            return Unanswered(failure);
        }

        return clock.LatestNow() is { } now ? Judge(marks.Select(mark => mark.Time).ToArray(), now) : ProbeAnswer.Well();
    }

    public ProbeAnswer Unanswered(string failure) =>
        ProbeAnswer.Degraded(
            $"How old the applied marks of the journal are could not be told ({failure}): see whether PostgreSQL and Redis serve.");

    private ProbeAnswer Judge(long?[] times, long now)
    {
        if (times.Count(time => time is null) is > 0 and var none)
        {
            return ProbeAnswer.Degraded(
                $"{none} of {times.Length} partition(s) have no applied mark, so nobody applies the journal and changes of watched tables do not "
                + $"reach the cache: {Remedy}",
                ("journal.unmarked_partitions", none));
        }

        // A clock may have been set back.
        var age = TimeSpan.FromMicroseconds(Math.Max(0, now - times.Min()!.Value));
        (string, object) data = ("journal.mark_age_s", Math.Round(age.TotalSeconds, 3));
        return age > threshold
            ? ProbeAnswer.Degraded(
                $"The journal was last applied {Seconds(age)} s ago ({Seconds(threshold)} s are allowed), so changes of watched tables reach the "
                + $"cache late: {Remedy}",
                data)
            : ProbeAnswer.Well(data);
    }

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0.#", CultureInfo.InvariantCulture);

    private static async Task<(long? Time, string? Failure)> MarkOfAsync(
        RedisSession session, int partition, CancellationToken cancellationToken)
    {
        var answer = await session.Breakers[partition].ExecuteBypassingAsync(
            static call => call.session.Database.StringGetAsync(call.session.Layout.Mark(call.partition), CommandFlags.DemandMaster),
            (session, partition),
            cancellationToken).ConfigureAwait(false);
        if (!answer.TryGetValue(out var value))
        {
            return (null, answer.Error is { } error ? FailureLog.KindOf(error) : "refused");
        }

        ReadOnlyMemory<byte> bytes = value;
        return (AppliedMark.TryReadAge(bytes.Span, out var time, out _) ? time : null, null);
    }
}
