namespace HybridStore.Realtime.Sessions;

/// <summary>What came of a <see cref="SessionCommand"/>.</summary>
/// <param name="Outcome">Whether it was carried out.</param>
/// <param name="Now">When, by the clock of whoever answered, in milliseconds since 1970.</param>
/// <param name="Number">The version that there is now, or the size that there would have been.</param>
internal readonly record struct SessionAnswer(SessionOutcome Outcome, long Now, long Number = 0)
{
    /// <summary>The session; null where it was not asked for.</summary>
    public SessionState? State { get; init; }

    /// <summary>Whether the index of its user is to hear of its end.</summary>
    public bool IsIndexDue { get; init; }

    /// <summary>Whether the copy is to be told.</summary>
    public bool IsCopyDue { get; init; }
}

/// <summary>Whether a command was carried out.</summary>
internal enum SessionOutcome
{
    NotFound,
    Done,
    Conflict,
    TooLarge,
}
