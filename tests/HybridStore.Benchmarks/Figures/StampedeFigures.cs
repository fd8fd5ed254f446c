using System.Globalization;
using System.Reflection;
using HybridStore.Benchmarks.Figures.Stampedes;
using HybridStore.Servers;
using Microsoft.Extensions.Caching.StackExchangeRedis;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using ZiggyCreatures.Caching.Fusion;

namespace HybridStore.Benchmarks.Figures;

/// <summary>How many loads of one cold key reach PostgreSQL when the callers of several processes ask for it at once, and how long they
/// wait for a query of 200 ms.</summary>
internal static class StampedeFigures
{
    public static async Task RunAsync(string[] arguments, TextWriter output)
    {
        if (arguments is [Crowd.Verb, var reader, var crowdPostgres, var crowdRedis, var size])
        {
            await Crowd.RunAsync(
                reader, crowdPostgres, crowdRedis, int.Parse(size, CultureInfo.InvariantCulture), Console.In, output);
            return;
        }

        var options = FigureOptions.Parse(arguments, ("--rounds", 5, 1000), ("--processes", 4, 8), ("--callers", 250, 10_000));
        var (rounds, processes, callers) = (options["--rounds"], options["--processes"], options["--callers"]);
        var figures = new FigureWriter(output);
        await using var servers = await TestServers.StartAsync();
        await MachineDescription.WriteAsync(figures, servers);
        figures.Remark(string.Create(
            CultureInfo.InvariantCulture,
            $"{processes} processes with {callers} callers each, one cold key, a query of 200 ms; {rounds} rounds with a new key each"));
        figures.Remark("before them each process loads once by itself, and all read once together");
        figures.Remark($"ours: HybridStore {VersionOf(typeof(IHybridStore))}, its lease by default");
        figures.Remark(
            $"fusion: FusionCache {VersionOf(typeof(FusionCache))} with memory, Redis and its backplane; "
            + "fusion_locked: with its distributed locker as well");
        figures.Remark(
            $"hybridcache: Microsoft.Extensions.Caching.Hybrid {VersionOf(typeof(HybridCacheServiceExtensions))} with memory and Redis, "
            + $"by Microsoft.Extensions.Caching.StackExchangeRedis {VersionOf(typeof(RedisCache))} as the above");
        figures.Remark("none: GET, else load and SET");
        foreach (var name in ColdReader.Names)
        {
            await WriteAsync(figures, servers, name, rounds, processes, callers);
        }
    }

    private static async Task WriteAsync(
        FigureWriter figures, TestServers servers, string name, int rounds, int processes, int callers)
    {
        var postgres = servers.Postgres.PastProxy(await servers.Postgres.CreateDatabaseAsync());
        await using var dataSource = NpgsqlDataSource.Create(postgres);
        await ColdItemTable.CreateAsync(dataSource, processes + 1 + rounds);
        var crowds = new List<CrowdProcess>();
        try
        {
            for (var process = 0; process < processes; process++)
            {
                crowds.Add(CrowdProcess.Start(name, postgres, servers.Redis.DirectConnectionString, callers));
            }

            // Whoever loads for the first time opens a connection and compiles a good deal.
            var id = 0;
            foreach (var crowd in crowds)
            {
                await StampedeAsync([crowd], ++id);
            }

            await StampedeAsync(crowds, ++id);
            var loads = new List<double>();
            var waits = new List<double>();
            var slowest = new List<double>();
            for (var round = 0; round < rounds; round++)
            {
                var before = await ColdItemTable.CountAsync(dataSource);
                var waited = await StampedeAsync(crowds, ++id);
                loads.Add(await ColdItemTable.CountAsync(dataSource) - before);
                waits.AddRange(waited);
                slowest.Add(waited.Max());
            }

            double[] sorted = [.. waits.Order()];
            figures.Remark($"{name}: loads in each round: {Join(loads)}; the slowest caller's ms: {Join(slowest)}");
            figures.Figure(NameOf("loads"), loads.Max(), "loads");
            figures.Figure($"{NameOf("loads")}.median", Median.Of(loads), "loads");
            figures.Figure(NameOf("p50_ms"), Median.Of(sorted), "ms");
            figures.Figure(NameOf("p99_ms"), sorted[(int)(sorted.Length * 0.99)], "ms");
        }
        finally
        {
            foreach (var crowd in crowds)
            {
                await crowd.DisposeAsync();
            }
        }

        // No protection is a control, and no contender.
        string NameOf(string what) => name == "none" ? $"stampede.none.{what}" : $"stampede.{what}.{name}";
    }

    /// <summary>All read the item at the same signal: how long each caller has waited.</summary>
    private static async Task<double[]> StampedeAsync(List<CrowdProcess> crowds, int id)
    {
        await Task.WhenAll(crowds.Select(crowd => crowd.PrepareAsync(id)));
        await Task.WhenAll(crowds.Select(crowd => crowd.SignalAsync()));
        return [.. (await Task.WhenAll(crowds.Select(crowd => crowd.WaitsAsync()))).SelectMany(waits => waits)];
    }

    private static string Join(IEnumerable<double> numbers) =>
        string.Join(' ', numbers.Select(number => number.ToString("0", CultureInfo.InvariantCulture)));

    private static string VersionOf(Type type) =>
        type.Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];
}
