namespace HybridStore.Realtime.Sessions;

/// <summary>What is to be done with a session that is there.</summary>
internal abstract record SessionCommand
{
    /// <summary>Reads it.</summary>
    public sealed record Get : SessionCommand
    {
        public static readonly Get It = new();
    }

    /// <summary>Sets and removes fields.</summary>
    public sealed record Merge(SessionChanges Changes) : SessionCommand;

    /// <summary>Puts other fields in the place of all.</summary>
    public sealed record Replace(SessionChanges Fields, long ExpectedVersion) : SessionCommand;

    /// <summary>Gives it another id, and another user where one is named.</summary>
    public sealed record Regenerate(byte[] NewSecret, string? UserId) : SessionCommand;
}
