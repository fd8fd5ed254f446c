using System.Diagnostics;

namespace HybridStore.Tests.Keys;

/// <summary>Counts what an action allocates on this thread once everything it needs is warm.</summary>
internal static class Allocation
{
    private const int Calls = 100;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>Asserts what one call allocates in steady state.</summary>
    /// <remarks>
    /// The framework's own span searches box their arguments until the runtime has recompiled them with optimisation, which
    /// it does in the background: hence the calls go on until they are as frugal as they should be, or patience ends.
    /// </remarks>
    public static void AssertPerCall(long expected, Action action)
    {
        var start = Stopwatch.GetTimestamp();
        var actual = PerCall(action);
        while (actual != expected && Stopwatch.GetElapsedTime(start) < Patience)
        {
            actual = PerCall(action);
        }

        Assert.Equal(expected, actual);
    }

    /// <summary>What one string of this length takes.</summary>
    public static long OfString(int length) => PerCall(() => GC.KeepAlive(new string('x', length)));

    private static long PerCall(Action action)
    {
        action();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var call = 0; call < Calls; call++)
        {
            action();
        }

        return (GC.GetAllocatedBytesForCurrentThread() - before) / Calls;
    }
}
