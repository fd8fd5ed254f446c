namespace HybridStore.Realtime;

/// <summary>What came of <see cref="ISessionStore.TryReplaceAsync"/>.</summary>
/// <param name="Outcome">Whether the fields were replaced.</param>
/// <param name="Version">The session's version now; 0 where there is none.</param>
public readonly record struct SessionReplaceResult(SessionReplaceOutcome Outcome, long Version);
