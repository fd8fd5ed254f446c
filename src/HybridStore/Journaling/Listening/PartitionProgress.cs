using HybridStore.Fencing;
using HybridStore.Redis;

namespace HybridStore.Journaling.Listening;

/// <summary>How far the journal has been applied to one partition.</summary>
internal sealed class PartitionProgress(int partition)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    private TimeSpan _pause = FirstPause;

    public int Partition { get; } = partition;

    /// <summary>The claim; null where the partition is to be claimed first.</summary>
    public PartitionLeader? Leader { get; private set; }

    /// <summary>The mark as it stands in Redis; null if there is none.</summary>
    public AppliedMark? Mark { get; private set; }

    /// <summary>The same as bytes; empty if there is none.</summary>
    public byte[] MarkBytes { get; private set; } = [];

    /// <summary>Everything that it sees is applied; null where nothing is known.</summary>
    public SnapshotStamp? Applied { get; private set; }

    /// <summary>What database counted the ids of <see cref="Applied"/>.</summary>
    public BootMark BootMark { get; private set; }

    /// <summary>The look with which <see cref="Applied"/> was reached; null until there was one under this claim.</summary>
    public JournalReading? Reached { get; private set; }

    /// <summary>When Redis is tried again, in the timer's ticks.</summary>
    public long RetryAt { get; private set; }

    public void Claimed(ClaimAnswer answer)
    {
        _pause = FirstPause;
        (Leader, Mark, MarkBytes) = (answer.Leader, answer.Mark, answer.MarkBytes);
        (Applied, BootMark) = (answer.Mark?.Snapshot, answer.Mark?.BootMark ?? BootMark.Unknown);
        Reached = null;
    }

    public void Advance(JournalReading reading) => (Applied, BootMark, Reached) = (reading.Snapshot, reading.BootMark, reading);

    public void Marked(AppliedMark mark, byte[] bytes) => (Mark, MarkBytes) = (mark, bytes);

    /// <summary>Another leads, or Redis has gone back: what is there has to be asked for.</summary>
    public void Lose() => (Leader, Reached) = (null, null);

    /// <summary>Redis has not answered. What became of the calls is not known, so the claim is of no use either.</summary>
    public void Fail(TimeProvider timeProvider)
    {
        Lose();
        RetryAt = timeProvider.GetTimestamp() + (long)(_pause.TotalSeconds * timeProvider.TimestampFrequency);
        _pause = _pause * 2 < LongestPause ? _pause * 2 : LongestPause;
    }

    /// <summary>Whether a mark would say more than the one that is there.</summary>
    public bool IsMarkDue(long generation) =>
        Leader is not null && Reached is not null && (Mark is null || Mark.PostgresTime != Reached.PostgresTime || Mark.Generation != generation);
}
