using System.Runtime.InteropServices;

namespace HybridStore.Diagnostics.Watching;

/// <summary>Counts reads that Redis has answered, by whether they were hits. Each processor counts in a cell of its own, so that many callers do
/// not wait for one cache line. Thread-safe; a total may miss what is counted at the same moment.</summary>
internal sealed class ReadCounts
{
    private const int MostCells = 64;

    private readonly Cell[] _cells;
    private readonly int _mask;

    public ReadCounts()
    {
        var count = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Min(Environment.ProcessorCount, MostCells));
        (_cells, _mask) = (new Cell[count], count - 1);
    }

    /// <summary>All that was counted since the beginning.</summary>
    public (long Hits, long Misses) Total
    {
        get
        {
            var (hits, misses) = (0L, 0L);
            for (var i = 0; i < _cells.Length; i++)
            {
                hits += Interlocked.Read(ref _cells[i].Hits);
                misses += Interlocked.Read(ref _cells[i].Misses);
            }

            return (hits, misses);
        }
    }

    private ref Cell Mine => ref _cells[Thread.GetCurrentProcessorId() & _mask];

    // A thread may be moved to another processor in between: hence the interlocked addition, which is cheap while the line is its own.
    public void Hit() => Interlocked.Increment(ref Mine.Hits);

    public void Miss() => Interlocked.Increment(ref Mine.Misses);

    /// <summary>Two cache lines, since processors fetch them in pairs.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 128)]
    private struct Cell
    {
        [FieldOffset(64)]
        public long Hits;

        [FieldOffset(72)]
        public long Misses;
    }
}
