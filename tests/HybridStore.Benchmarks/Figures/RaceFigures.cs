using System.Reflection;
using HybridStore.Benchmarks.Races;
using HybridStore.Servers;
using Microsoft.Extensions.Caching.StackExchangeRedis;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;
using ZiggyCreatures.Caching.Fusion;

namespace HybridStore.Benchmarks.Figures;

/// <summary>Who serves an old value after an invalidation has been completed: the same races, with the same gates, for everybody. A figure
/// is the share of rounds in which a reader got one.</summary>
internal static class RaceFigures
{
    public static async Task RunAsync(string[] arguments, TextWriter output)
    {
        var rounds = FigureOptions.Parse(arguments, ("--rounds", 2, 1000))["--rounds"];
        var figures = new FigureWriter(output);
        await using var servers = await TestServers.StartAsync();
        await MachineDescription.WriteAsync(figures, servers);
        figures.Remark($"ours: HybridStore {VersionOf(typeof(IHybridStore))}");
        figures.Remark(
            $"fusion: FusionCache {VersionOf(typeof(FusionCache))} over Microsoft.Extensions.Caching.StackExchangeRedis "
            + $"{VersionOf(typeof(RedisCache))}; not in the races of clocks: it takes the system's time and no other");
        figures.Remark(
            $"hybridcache: Microsoft.Extensions.Caching.Hybrid {VersionOf(typeof(HybridCacheServiceExtensions))} over the same; "
            + "not in the races of refreshes: it has none");
        figures.Remark($"naive: GET, SET, DEL with StackExchange.Redis {VersionOf(typeof(ConnectionMultiplexer))}, a control that is to be stale");
        figures.Remark("nocache: PostgreSQL itself, a control that must not be");
        figures.Remark(
            "by_other_instance, clocks: two instances over Redis alone, their memory levels passed by; FusionCache without a backplane");
        await using var table = await ItemTable.CreateAsync(
            servers.Postgres.PastProxy(await servers.Postgres.CreateDatabaseAsync()));

        foreach (var race in Race.All)
        {
            foreach (var kind in RacerKind.All.Where(kind => (race.Needs & ~kind.Abilities) == 0))
            {
                var (stale, uncached) = (0, 0);
                for (var round = 0; round < rounds; round++)
                {
                    await using var scene = await RaceScene.SetAsync(kind, race, servers.Redis.DirectConnectionString, table);
                    stale += await race.RunAsync(scene) ? 1 : 0;
                    uncached += await scene.IsCachedAsync(scene.Second) || await scene.IsCachedAsync(scene.Second) ? 0 : 1;
                }

                figures.Share($"races.{race.Name}.stale.{kind.Name}", stale, rounds, "stale");
                if (uncached > 0 && kind.Name != "nocache")
                {
                    figures.Remark($"{kind.Name} does not cache the key again after {race.Name}");
                }
            }
        }
    }

    private static string VersionOf(Type type) =>
        type.Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];
}
