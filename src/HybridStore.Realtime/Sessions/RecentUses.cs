using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace HybridStore.Realtime.Sessions;

/// <summary>Remembers which sessions this process has moved the end of a moment ago, so that they can be read by a bare command. A table of fixed
/// size without locks: what it forgets is moved once more than needed, and of two sessions with one hash, of 64 bits, one is once too
/// little.</summary>
internal sealed class RecentUses(TimeSpan moment, TimeProvider timeProvider)
{
    private const int Size = 1 << 16;

    private readonly long _ticks = Math.Max(1, (long)(moment.TotalSeconds * timeProvider.TimestampFrequency));
    private readonly Use?[] _uses = new Use?[Size];

    /// <summary>How long a moment is: a thousandth of the time that a session lives unused, and a minute at most.</summary>
    public static TimeSpan MomentOf(TimeSpan sliding) =>
        TimeSpan.FromTicks(Math.Min(sliding.Ticks / 1000, TimeSpan.TicksPerMinute));

    public void Add(string handle)
    {
        var hash = HashOf(handle);
        Volatile.Write(ref _uses[hash % Size], new Use(hash, timeProvider.GetTimestamp()));
    }

    public bool Contains(string handle)
    {
        var hash = HashOf(handle);
        return Volatile.Read(ref _uses[hash % Size]) is { } use && use.Hash == hash && timeProvider.GetTimestamp() - use.At < _ticks;
    }

    private static ulong HashOf(string handle) => XxHash3.HashToUInt64(MemoryMarshal.AsBytes(handle.AsSpan()));

    private sealed record Use(ulong Hash, long At);
}
