using HybridStore.Consistency.History;
using HybridStore.Consistency.Keys;

namespace HybridStore.Consistency.Checking;

/// <summary>Looks for broken promises in the history of a run.</summary>
internal static class Checker
{
    /// <exception cref="InvalidDataException">The database's own history is none.</exception>
    public static Verdict Check(SoakHistory history, KeyLayout layout, Promises promises)
    {
        var verdict = new Verdict(promises);
        var committed = new CommittedRows(history, layout.Rows);
        var visibility = new Visibility(history, committed);
        var obligations = new Obligations(history, layout, committed, visibility);
        new ReadChecker(history, layout, committed, visibility, obligations, verdict).CheckAll();
        CheckWrites(history, verdict);
        CheckFailures(history, verdict);
        return verdict;
    }

    private static void CheckWrites(SoakHistory history, Verdict verdict)
    {
        foreach (var write in history.Writes)
        {
            if (write.RolledBackAt is not null && write.Versions.Count > 0)
            {
                verdict.Add(new Violation(ViolationKind.RolledBackAndThere) { Because = write });
            }

            if (write.CommittedAt is not null
                && write.Versions.Count == 0
                && write.Kind is not (OperationKind.Invalidation or OperationKind.Flush))
            {
                verdict.Add(new Violation(ViolationKind.CommittedAndLost) { Because = write });
            }
        }
    }

    private static void CheckFailures(SoakHistory history, Verdict verdict)
    {
        foreach (var failure in history.Failures)
        {
            verdict.Add(new Violation(ViolationKind.FailedUndisturbed) { Failure = failure });
            if (failure.IsOfInvalidation)
            {
                verdict.Add(new Violation(ViolationKind.InvalidationFailed) { Failure = failure });
            }

            if (failure.IsOfRedis)
            {
                verdict.Add(new Violation(ViolationKind.FailedBecauseOfRedis) { Failure = failure });
            }
        }
    }
}
