namespace HybridStore.Verifying;

/// <summary>What loading an entry again has shown.</summary>
internal enum VerificationResult
{
    /// <summary>The load reads what the entry holds.</summary>
    Same,

    /// <summary>The load reads something else, and nothing has invalidated the entry for longer than an invalidation takes.</summary>
    Different,

    /// <summary>The load read something else, and the entry has gone or been replaced since, or the load reads the same again: an invalidation
    /// was on its way.</summary>
    Settled,

    /// <summary>The load gives one thing and then another although nothing was written in between: it depends on more than the
    /// database.</summary>
    Unstable,

    /// <summary>Entry or load have no snapshot, so that nobody knows which of them is the older.</summary>
    Unstamped,

    /// <summary>It was not tried: as many as may were under way, or no load could be spared.</summary>
    Skipped,

    /// <summary>The load failed, or Redis did not answer.</summary>
    Failed,
}
