using HybridStore.Consistency.History;

namespace HybridStore.Consistency.Checking;

/// <summary>
/// The writes of unknown outcome of which the run knows more than their writers: PostgreSQL had answered COMMIT, and the fault threw the answer
/// away. Their commits were visible before they were invalidated. Where anything else may have cut a COMMIT at about that time, or the writer
/// was killed, nothing is concluded.
/// </summary>
internal static class LostAnswers
{
    // By then the writer has heard of it, on a slow machine too.
    private static readonly long Around = Clock.Ticks(TimeSpan.FromSeconds(5));

    public static IEnumerable<WriteRecord> Find(SoakHistory history)
    {
        foreach (var fault in history.Disturbances.Where(disturbance => disturbance.LosesAnswer))
        {
            var (from, until) = (fault.StartedAt - Around, fault.EndedAt + Around);
            var isDoubtful = history.Disturbances.Exists(other => other != fault
                && other.CutsCommits
                && other.Concerns(fault.Slot)
                && other.StartedAt <= until
                && other.EndedAt >= from);
            var told = history.Writes.FindAll(write =>
                Disturbance.SlotOf(write.Process) == fault.Slot && write.UnknownAt >= from && write.UnknownAt <= until);
            if (!isDoubtful && told is [var write])
            {
                yield return write;
            }
        }
    }
}
