using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace HybridStore.Realtime.Sessions;

/// <summary>Remembers which sessions this process has moved the end of a moment ago, so that they can be read by a bare command, and what was made
/// of their ids. A table of fixed size without locks: what it forgets is moved once more than needed.</summary>
internal sealed class RecentUses(TimeSpan moment, TimeProvider timeProvider)
{
    private const int Size = 1 << 15;

    private readonly long _ticks = Math.Max(1, (long)(moment.TotalSeconds * timeProvider.TimestampFrequency));
    private readonly Use?[] _uses = new Use?[Size];

    /// <summary>How long a moment is: a thousandth of the time that a session lives unused, and a minute at most.</summary>
    public static TimeSpan MomentOf(TimeSpan sliding) =>
        TimeSpan.FromTicks(Math.Min(sliding.Ticks / 1000, TimeSpan.TicksPerMinute));

    public void Add(string id, SessionName name) =>
        Volatile.Write(ref _uses[PlaceOf(id)], new Use(id, name, timeProvider.GetTimestamp()));

    public bool TryFind(string id, out SessionName name)
    {
        var use = Volatile.Read(ref _uses[PlaceOf(id)]);
        if (use is null || !string.Equals(use.Id, id, StringComparison.Ordinal) || timeProvider.GetTimestamp() - use.At >= _ticks)
        {
            name = default;
            return false;
        }

        name = use.Name;
        return true;
    }

    private static ulong PlaceOf(string id) => XxHash3.HashToUInt64(MemoryMarshal.AsBytes(id.AsSpan())) % Size;

    private sealed record Use(string Id, SessionName Name, long At);
}
