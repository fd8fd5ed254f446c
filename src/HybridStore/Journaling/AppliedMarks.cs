using HybridStore.Fencing;
using HybridStore.Reading;
using HybridStore.Redis;

namespace HybridStore.Journaling;

/// <summary>Judges entries by the marks that were read with them, in the same step of Redis.</summary>
internal sealed class AppliedMarks(PostgresClock clock) : IAppliedMarks
{
    /// <summary>What they are dated by.</summary>
    public PostgresClock Clock => clock;

    public ValueTask PrepareAsync(CancellationToken cancellationToken) =>
        clock.IsKnown ? ValueTask.CompletedTask : new ValueTask(clock.WhenAskedAsync(cancellationToken));

    public bool IsWithin(in FoundEntry found, TimeSpan bound)
    {
        // A mark of another generation speaks of other entries.
        ReadOnlyMemory<byte> bytes = found.Mark;
        if (!AppliedMark.TryReadAge(bytes.Span, out var markedAt, out var generation)
            || generation != found.Generation
            || clock.LatestNow() is not { } now)
        {
            return false;
        }

        // As if it were later than it is. A mark that is ahead of it all the same says that a clock was set.
        var age = now - markedAt;
        if (age < 0)
        {
            clock.Doubt();
            return false;
        }

        if (age <= bound.TotalMicroseconds)
        {
            return true;
        }

        clock.Doubt();
        return false;
    }

    public bool HaveApplied(in FoundEntry found, ulong write)
    {
        ReadOnlyMemory<byte> bytes = found.Mark;
        return AppliedMark.TryParse(bytes.Span, out var mark) && mark.Generation == found.Generation && mark.Snapshot.Sees(write);
    }
}
