namespace HybridStore.Realtime;

/// <summary>What a write buffer holds at the moment, over all processes. Immutable.</summary>
public sealed record WriteBufferStatus
{
    internal WriteBufferStatus()
    {
    }

    /// <summary>Rows that wait in Redis.</summary>
    public long Length { get; internal init; }

    /// <summary>The size of their payloads in bytes.</summary>
    public long Bytes { get; internal init; }

    /// <summary>For how long the oldest of them has waited; zero if none does.</summary>
    public TimeSpan OldestAge { get; internal init; }

    /// <summary>Rows that the workers have brought into PostgreSQL since the buffer's tables were installed.</summary>
    public long WrittenRows { get; internal init; }

    /// <summary>Rows that were refused and wait for somebody to look at them.</summary>
    public long DeadLetters { get; internal init; }
}
