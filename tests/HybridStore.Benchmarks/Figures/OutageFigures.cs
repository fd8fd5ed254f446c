using System.Diagnostics;
using System.Globalization;
using HybridStore.Benchmarks.Figures.Outages;
using HybridStore.Servers;
using Npgsql;

namespace HybridStore.Benchmarks.Figures;

/// <summary>What becomes of requests when Redis goes away and comes back: two instances, 32 callers each, who read and write at a steady
/// pace; and what a read costs while Redis is away.</summary>
internal static class OutageFigures
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    public static async Task RunAsync(string[] arguments, TextWriter output)
    {
        var options = FigureOptions.Parse(arguments, ("--rounds", 15, 10_000), ("--calm", 3, 3600), ("--away", 4, 3600));
        var (calm, away) = (TimeSpan.FromSeconds(options["--calm"]), TimeSpan.FromSeconds(options["--away"]));
        var figures = new FigureWriter(output);
        await using var servers = await TestServers.StartAsync(new TestServersOptions { Controllable = true });
        await MachineDescription.WriteAsync(figures, servers);
        await OpenReads.WriteAsync(figures, servers, options["--rounds"]);

        var database = await servers.Postgres.CreateDatabaseAsync();
        await using (var dataSource = NpgsqlDataSource.Create(database))
        {
            await using var command = dataSource.CreateCommand(string.Create(
                CultureInfo.InvariantCulture,
                $"create table item (id int primary key, value bigint not null); insert into item select id, 0 from generate_series(1, {OutageStore.Rows}) id"));
            await command.ExecuteNonQueryAsync();
        }

        await using var first = await OutageStore.StartAsync(servers, database);
        await using var second = await OutageStore.StartAsync(servers, database);
        OutageStore[] stores = [first, second];
        figures.Remark(string.Create(
            CultureInfo.InvariantCulture,
            $"2 instances, pools of {OutageStore.PoolSize}, limit {first.Root.Limiter.Limit} loads each, time-out {OutageStore.RedisTimeout.TotalMilliseconds} ms, break {OutageStore.Break.TotalSeconds} s, journal on"));
        await using var traffic = new OutageTraffic(stores);
        await RecoverAsync(stores);
        var totals = new Totals();
        foreach (var fault in OutageFault.All)
        {
            await RunAsync(figures, servers, stores, traffic, fault, calm, away, totals);
        }

        totals.Write(figures);
        await RestartPostgresAsync(figures, servers, stores, traffic, calm);
    }

    private static async Task RunAsync(
        FigureWriter figures,
        TestServers servers,
        OutageStore[] stores,
        OutageTraffic traffic,
        OutageFault fault,
        TimeSpan calm,
        TimeSpan away,
        Totals totals)
    {
        traffic.Settle();
        await Task.Delay(calm);
        totals.Up.AddRange(traffic.Take());
        traffic.Unsettle();
        var diedAt = Stopwatch.GetTimestamp();
        foreach (var store in stores)
        {
            store.TakeMost();
        }

        await fault.BeginAsync(servers);
        await WaitAsync(() => Task.FromResult(stores.All(store => store.IsOpen)), "both circuits open");
        var dying = traffic.Take();
        var slow = dying.Count(request => request.EndedAt > diedAt && request.Duration > OutageStore.RedisTimeout);
        var slowWrites = dying.Count(request => request.IsWrite && request.EndedAt > diedAt && request.Duration > OutageStore.RedisTimeout);

        // From here on each has to see also what the other has written: in PostgreSQL, and in a Redis that comes back with older entries.
        traffic.Settle();
        await Task.Delay(away);
        traffic.Settle();
        var down = traffic.Take();
        var most = stores.Max(store => store.TakeMost());
        var loads = stores.Sum(store => store.Loads);
        var backAt = Stopwatch.GetTimestamp();
        await fault.EndAsync(servers);
        await WaitAsync(() => Task.FromResult(!stores.Any(store => store.IsOpen)), "both circuits close");
        var closed = Stopwatch.GetElapsedTime(backAt);
        await RecoverAsync(stores);
        var recovery = Stopwatch.GetElapsedTime(backAt);
        traffic.Settle();
        await Task.Delay(calm);
        var after = traffic.Take();
        figures.Remark(string.Create(
            CultureInfo.InvariantCulture,
            $"{fault.Name}: {dying.Count + down.Count + after.Count} requests, {slow} slow ({slowWrites} of them writes), {most} loads at once, circuits closed after {closed.TotalMilliseconds:0} ms and the cache was read after {recovery.TotalMilliseconds:0} ms, {stores.Sum(store => store.Loads) - loads} loads from its return on"));
        totals.Add(fault, slow, most, recovery, [.. dying, .. down, .. after], down);
        foreach (var failure in after.Concat(down).Concat(dying).Select(request => request.Failure).OfType<Exception>().DistinctBy(error => error.GetType()))
        {
            figures.Remark($"{fault.Name}: {failure.GetType().Name}: {failure.Message}");
        }
    }

    /// <summary>What a restart of PostgreSQL costs is not the cache's doing: with Redis up, hits go on.</summary>
    private static async Task RestartPostgresAsync(
        FigureWriter figures, TestServers servers, OutageStore[] stores, OutageTraffic traffic, TimeSpan calm)
    {
        await Task.Delay(calm);
        traffic.Take();
        await servers.Postgres.RestartAsync();
        await Task.Delay(calm);
        var requests = traffic.Take();
        figures.Figure("outage.postgres.failed_share", (double)requests.Count(request => request.Failure is not null) / requests.Count, "share");
        await RecoverAsync(stores);
        traffic.Settle();
        traffic.Take();
        await Task.Delay(calm);
        requests = traffic.Take();
        figures.Figure("outage.postgres.failed_after", requests.Count(request => request.Failure is not null), "requests");
        figures.Figure("outage.postgres.stale_after", requests.Count(request => request.IsStale), "reads");
    }

    /// <summary>Waits until both instances read Redis again and the journal is applied.</summary>
    private static async Task RecoverAsync(OutageStore[] stores)
    {
        await WaitAsync(() => Task.FromResult(stores.All(store => store.ReadsRedis)), "both read Redis again");
        var now = await stores[0].SnapshotAsync();
        await WaitAsync(() => stores[0].HasAppliedAsync(now), "the journal is applied");
    }

    private static async Task WaitAsync(Func<Task<bool>> condition, string what)
    {
        var startedAt = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(startedAt) > Patience)
            {
                throw new TimeoutException($"Within {Patience:c} this did not happen: {what}.");
            }

            await Task.Delay(Look);
        }
    }

    /// <summary>What all faults together came to.</summary>
    private sealed class Totals
    {
        private readonly List<OutageTraffic.Request> _all = [];
        private readonly List<OutageTraffic.Request> _down = [];
        private readonly Dictionary<string, (int Slow, TimeSpan Recovery)> _faults = [];
        private int _most;

        public List<OutageTraffic.Request> Up { get; } = [];

        public void Add(
            OutageFault fault,
            int slow,
            int most,
            TimeSpan recovery,
            IReadOnlyList<OutageTraffic.Request> all,
            IReadOnlyList<OutageTraffic.Request> down)
        {
            _faults[fault.Name] = (slow, recovery);
            _most = Math.Max(_most, most);
            _all.AddRange(all);
            _down.AddRange(down);
        }

        public void Write(FigureWriter figures)
        {
            figures.Figure("outage.failed_requests", _all.Count(request => request.Failure is not null), "requests");
            figures.Figure("outage.stale_after_recovery", _all.Count(request => request.IsStale), "reads");
            figures.Figure("outage.max_loads", _most, "loads");
            foreach (var (name, (slow, recovery)) in _faults)
            {
                figures.Figure($"outage.{name}.slow_requests", slow, "requests");
                figures.Figure($"outage.{name}.recover_ms", recovery.TotalMilliseconds, "ms");
            }

            figures.Figure("outage.slow_requests", _faults.Values.Max(fault => fault.Slow), "requests");
            figures.Figure("outage.recover_ms", _faults.Values.Max(fault => fault.Recovery).TotalMilliseconds, "ms");
            figures.Figure("slo.up.p99_ms", Percentile(Up, 0.99), "ms");
            figures.Figure("slo.down.p95_ms", Percentile(_down, 0.95), "ms");
        }

        private static double Percentile(IEnumerable<OutageTraffic.Request> requests, double share)
        {
            double[] sorted = [.. requests.Where(request => !request.IsWrite).Select(request => request.Duration.TotalMilliseconds).Order()];
            return sorted[(int)(sorted.Length * share)];
        }
    }
}
