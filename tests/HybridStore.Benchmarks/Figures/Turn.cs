using System.Diagnostics;
using HybridStore.Benchmarks.Contenders;
using HybridStore.Benchmarks.Workload;

namespace HybridStore.Benchmarks.Figures;

/// <summary>What one contender needed in one round, per read.</summary>
internal readonly record struct Turn(double Microseconds, double CpuMicroseconds, double Bytes)
{
    /// <summary>Reads what the cache has.</summary>
    public static async Task<Turn> OfHitsAsync(ReadLoop loop, Contender contender, int callers, int reads)
    {
        var loads = contender.Loads;
        var turn = await TakeAsync(() => loop.RunAsync(contender, callers, reads), reads);
        return contender.Loads == loads
            ? turn
            : throw new InvalidOperationException($"{contender.Name} had {contender.Loads - loads} misses; only hits are measured.");
    }

    public static async Task<Turn> TakeAsync(Func<Task> work, int reads)
    {
        // Nobody pays for what the one before has left behind.
        GC.Collect();
        var bytes = GC.GetTotalAllocatedBytes(precise: true);
        var cpu = Environment.CpuUsage.TotalTime;
        var start = Stopwatch.GetTimestamp();
        await work();
        var elapsed = Stopwatch.GetElapsedTime(start);
        cpu = Environment.CpuUsage.TotalTime - cpu;
        bytes = GC.GetTotalAllocatedBytes(precise: true) - bytes;
        return new Turn(elapsed.TotalMicroseconds / reads, cpu.TotalMicroseconds / reads, (double)bytes / reads);
    }
}
