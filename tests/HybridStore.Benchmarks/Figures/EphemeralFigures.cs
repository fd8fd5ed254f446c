using System.Globalization;
using HybridStore.Benchmarks.Figures.Ephemeral;
using HybridStore.Servers;

namespace HybridStore.Benchmarks.Figures;

/// <summary>What the services beside the cache cost, next to the bare commands that they need: 64 callers, one connection each.</summary>
internal static class EphemeralFigures
{
    private static readonly Func<TestServers, FigureWriter, int, Task>[] Parts =
    [
        PermitFigures.WriteAsync,
        CounterFigures.WriteAsync,
        LeaderboardFigures.WriteAsync,
        SnapshotFigures.WriteAsync,
        SessionFigures.WriteAsync,
        BufferFigures.WriteAsync,
    ];

    public static async Task RunAsync(string[] arguments, TextWriter output)
    {
        var rounds = FigureOptions.Parse(arguments, ("--rounds", 9, 1000))["--rounds"];
        var figures = new FigureWriter(output);
        await using var servers = await TestServers.StartAsync();
        await MachineDescription.WriteAsync(figures, servers);
        figures.Remark(string.Create(
            CultureInfo.InvariantCulture,
            $"{EphemeralScene.Callers} callers side by side, {rounds} rounds, medians; raw: the bare client with the commands that are needed"));
        foreach (var part in Parts)
        {
            await part(servers, figures, rounds);
        }
    }
}
