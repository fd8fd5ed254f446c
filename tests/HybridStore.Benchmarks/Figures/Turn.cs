using System.Diagnostics;
using HybridStore.Benchmarks.Contenders;
using HybridStore.Benchmarks.Workload;

namespace HybridStore.Benchmarks.Figures;

/// <summary>What one contender needed in one round, per read.</summary>
internal readonly record struct Turn(double Microseconds, double CpuMicroseconds, double Bytes)
{
    public static async Task<Turn> TakeAsync(ReadLoop loop, Contender contender, int callers, int reads)
    {
        // Nobody pays for what the one before has left behind.
        GC.Collect();
        var loads = contender.Loads;
        var bytes = GC.GetTotalAllocatedBytes(precise: true);
        var cpu = Environment.CpuUsage.TotalTime;
        var start = Stopwatch.GetTimestamp();
        await loop.RunAsync(contender, callers, reads);
        var elapsed = Stopwatch.GetElapsedTime(start);
        cpu = Environment.CpuUsage.TotalTime - cpu;
        bytes = GC.GetTotalAllocatedBytes(precise: true) - bytes;
        return contender.Loads == loads
            ? new Turn(elapsed.TotalMicroseconds / reads, cpu.TotalMicroseconds / reads, (double)bytes / reads)
            : throw new InvalidOperationException($"{contender.Name} had {contender.Loads - loads} misses; only hits are measured.");
    }
}
