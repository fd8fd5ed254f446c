using System.Runtime;
using BenchmarkDotNet.Environments;
using HybridStore.Servers;

namespace HybridStore.Benchmarks.Figures;

/// <summary>Says on what a run was made.</summary>
internal static class MachineDescription
{
    public static async Task WriteAsync(FigureWriter figures, TestServers servers)
    {
        foreach (var line in HostEnvironmentInfo.GetCurrent().ToFormattedString())
        {
            figures.Remark(line);
        }

        figures.Remark($"{Environment.ProcessorCount} cores, {(GCSettings.IsServerGC ? "server" : "workstation")} GC");

        var redis = await servers.Redis.ConnectDirectlyAsync();
        await using var postgres = new Npgsql.NpgsqlConnection(servers.Postgres.DirectConnectionString);
        await postgres.OpenAsync();
        figures.Remark($"Redis {redis.GetServers().Single().Version}, PostgreSQL {postgres.PostgreSqlVersion}, servers: {servers.Source}");
    }
}
