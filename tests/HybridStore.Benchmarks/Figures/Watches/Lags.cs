using System.Diagnostics;
using System.Globalization;
using HybridStore.Servers;
using Npgsql;
using StackExchange.Redis;

namespace HybridStore.Benchmarks.Figures.Watches;

/// <summary>How long after COMMIT is answered to a writer the entry of its row is gone from Redis.</summary>
/// <remarks>Measured from outside: a prober caches a row that no other writer touches, updates it, and asks Redis for the entry, one question
/// behind the other's answer, until there is none. The listener's own metric would not know when the writer was answered.</remarks>
internal sealed class Lags(FigureWriter figures, string prefix, TestServers servers, ListeningStore store, Writers writers)
{
    private static readonly TimeSpan GivesUp = TimeSpan.FromSeconds(30);

    // Where the listener cannot keep up the lag only grows.
    private static readonly TimeSpan LongestPart = TimeSpan.FromSeconds(30);

    private int _next;

    /// <param name="fullRate">How many writes a second the table takes.</param>
    /// <param name="probes">How often the lag is measured beside writers; a quarter of it without any, and an eighth while the listener
    /// sleeps.</param>
    public async Task WriteAsync(double fullRate, int probes)
    {
        var alone = Math.Max(5, probes / 4);
        figures.Remark(string.Create(
            CultureInfo.InvariantCulture,
            $"lag from the answer to COMMIT to the entry being gone from Redis: at most {alone} writes 200 to 300 ms apart (idle), "
            + $"{alone / 2} that ring for a listener that sleeps (asleep), {probes} beside writers (half of their full rate, full)"));
        Write("idle", await ProbeAsync(alone, () => TimeSpan.FromMilliseconds(Random.Shared.Next(200, 300))));
        Write("asleep", await ProbeAsync(alone / 2, () => TimeSpan.FromMilliseconds(Random.Shared.Next(10, 30)), asleep: true));
        await WriteBesideWritersAsync("half", fullRate / 2, probes);
        await WriteBesideWritersAsync("full", null, probes);
    }

    private async Task WriteBesideWritersAsync(string name, double? rate, int probes)
    {
        using var stopping = new CancellationTokenSource();
        var writing = writers.WriteUntilAsync(WrittenTable.Watched, rate, stopping.Token);
        try
        {
            await Task.Delay(TimeSpan.FromMilliseconds(500));
            Write(name, await ProbeAsync(probes, () => TimeSpan.FromMilliseconds(Random.Shared.Next(10, 30))));
        }
        finally
        {
            await stopping.CancelAsync();
        }

        figures.Figure($"{prefix}.lag.{name}.writes_per_s", await writing, "writes/s");
        await store.SettleAsync();
    }

    private void Write(string name, List<double> milliseconds)
    {
        double[] sorted = [.. milliseconds.Order()];
        figures.Figure($"{prefix}.lag.{name}.probes", sorted.Length, "writes");
        figures.Figure($"{prefix}.lag.{name}.p50_ms", Median.Of(sorted), "ms");
        figures.Figure($"{prefix}.lag.{name}.p99_ms", sorted[(int)Math.Ceiling(sorted.Length * 0.99) - 1], "ms");
    }

    private async Task<List<double>> ProbeAsync(int probes, Func<TimeSpan> rest, bool asleep = false)
    {
        var redis = (await servers.Redis.ConnectDirectlyAsync()).GetDatabase();
        var lags = new List<double>();
        await using var update = store.DataSource.CreateCommand(WrittenTable.Watched.Update);
        update.Parameters.Add(new NpgsqlParameter<int>());
        var start = Stopwatch.GetTimestamp();
        while (lags.Count < probes && Stopwatch.GetElapsedTime(start) < LongestPart)
        {
            await Task.Delay(rest());
            if (asleep)
            {
                await store.SleepsAsync();
            }

            var id = WrittenTable.FirstProbe + (_next++ % WrittenTable.Probes);
            var entry = await CacheAsync(redis, id);
            ((NpgsqlParameter<int>)update.Parameters[0]).TypedValue = id;
            await update.ExecuteNonQueryAsync();
            var committed = Stopwatch.GetTimestamp();
            while (await redis.KeyExistsAsync(entry))
            {
                if (Stopwatch.GetElapsedTime(committed) > GivesUp)
                {
                    throw new TimeoutException("An entry is still there long after its row has changed.");
                }
            }

            lags.Add(Stopwatch.GetElapsedTime(committed).TotalMilliseconds);
        }

        return lags;
    }

    private async Task<RedisKey> CacheAsync(IDatabase redis, int id)
    {
        var key = string.Create(CultureInfo.InvariantCulture, $"item:{id}");
        await store.Store.GetAsync(
            key,
            id,
            static (id, load, token) => load.QuerySingleOrDefaultAsync<int>(WrittenTable.Watched.Select, new { id }, token));

        // It is stored behind the one who has loaded it.
        var entry = store.EntryName(key);
        var start = Stopwatch.GetTimestamp();
        while (!await redis.KeyExistsAsync(entry))
        {
            if (Stopwatch.GetElapsedTime(start) > GivesUp)
            {
                throw new TimeoutException($"The entry of {key} was not stored.");
            }
        }

        return entry;
    }
}
