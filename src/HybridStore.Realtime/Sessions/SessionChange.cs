namespace HybridStore.Realtime.Sessions;

/// <summary>What session-change.lua does, for the copy while Redis is away.</summary>
internal static class SessionChange
{
    /// <summary>What a command makes of a session, and its answer. What is not done leaves no state.</summary>
    public static (SessionState? Changed, SessionAnswer Answer) Apply(SessionState state, SessionCommand command, SessionStoreOptions options)
    {
        var moved = state with
        {
            Version = state.Version + SessionCopyRules.VersionStep,
            LastSeenAt = state.Now,
            ExpiresAt = EndOf(state, options),
        };
        switch (command)
        {
            case SessionCommand.Merge merge:
                var fields = new Dictionary<string, ReadOnlyMemory<byte>>(state.Fields, StringComparer.Ordinal);
                foreach (var (name, value) in merge.Changes.Sets)
                {
                    fields[name] = value;
                }

                foreach (var name in merge.Changes.Removes)
                {
                    fields.Remove(name);
                }

                var merged = moved with { Fields = fields };
                return merge.Changes.Sets.Count > 0 && merged.Size > options.MaximumSize
                    ? (null, new SessionAnswer(SessionOutcome.TooLarge, state.Now, merged.Size))
                    : Done(merged);
            case SessionCommand.Replace replace:
                return replace.ExpectedVersion == state.Version
                    ? Done(moved with { Fields = replace.Fields.Sets })
                    : (null, new SessionAnswer(SessionOutcome.Conflict, state.Now, state.Version));
            case SessionCommand.Regenerate regenerate:
                return Done(moved with { Secret = regenerate.NewSecret, UserId = regenerate.UserId ?? state.UserId });
            default:
                throw new ArgumentOutOfRangeException(nameof(command));
        }
    }

    /// <summary>When a session ends that is used now.</summary>
    public static long EndOf(SessionState state, SessionStoreOptions options)
    {
        var end = state.Now + (long)options.SlidingExpiration.TotalMilliseconds;
        return state.EndsAt is { } ends ? Math.Min(ends, end) : end;
    }

    private static (SessionState? Changed, SessionAnswer Answer) Done(SessionState state) =>
        (state, new SessionAnswer(SessionOutcome.Done, state.Now, state.Version) { State = state });
}
