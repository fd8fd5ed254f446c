namespace HybridStore.Realtime;

/// <summary>A row that could not be written: a hook threw, the payload was not understood, or PostgreSQL refused it. Immutable.</summary>
public sealed record BufferDeadLetter
{
    internal BufferDeadLetter()
    {
    }

    /// <summary>Its number: larger than those of earlier ones of the same table.</summary>
    public required long Id { get; init; }

    /// <summary>The row as it was appended, by the buffer's serializer.</summary>
    public required ReadOnlyMemory<byte> Payload { get; init; }

    /// <summary>Why it was refused. It may quote the row.</summary>
    public required string Reason { get; init; }

    /// <summary>PostgreSQL's code for it, of 5 characters; null where it was not PostgreSQL that refused.</summary>
    public required string? SqlState { get; init; }

    /// <summary>When, by PostgreSQL's clock.</summary>
    public required DateTimeOffset At { get; init; }
}
