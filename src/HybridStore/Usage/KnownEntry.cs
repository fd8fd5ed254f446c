using HybridStore.Diagnostics;

namespace HybridStore.Usage;

/// <summary>What this process remembers of a key. Immutable.</summary>
/// <param name="KeyHash">Stands for the key, which is not kept.</param>
/// <param name="Policy">The policy under which the key was last read or stored.</param>
/// <param name="CreatedAt">When its entry was stored, in Redis's milliseconds: exactly once it has been read, nearly before.</param>
/// <param name="ExpiresAt">When its entry ends, likewise.</param>
/// <param name="Generation">The generation in which it was seen.</param>
/// <param name="HasTags">Whether it has tags, or where another process has stored it, the policy's last entry had.</param>
internal sealed record KnownEntry(
    ulong KeyHash, PolicyMeter Policy, long CreatedAt, long ExpiresAt, long Generation, bool HasTags)
{
    // Two entries of one key within this time are taken for the same.
    private const long SameWithin = 1000;

    /// <summary>How many fences its guard held when it was stored.</summary>
    public int Fences { get; init; }

    /// <summary>Whether it was this process that has stored it.</summary>
    public bool IsOwn { get; init; }

    /// <summary>Whether this process has read it.</summary>
    public bool WasRead { get; init; }

    /// <summary>Whether this process has invalidated the key since.</summary>
    public bool IsInvalidated { get; init; }

    /// <summary>Whether the value loaded last was not stored: there is no entry that is known of.</summary>
    public bool IsRefused { get; init; }

    public bool IsOver(long now) => IsInvalidated || IsRefused || ExpiresAt <= now;

    public bool IsSameEntry(long createdAt) => !IsRefused && Math.Abs(CreatedAt - createdAt) <= SameWithin;
}
