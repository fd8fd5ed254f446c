namespace HybridStore.Realtime;

/// <summary>What a write buffer does with a row that it cannot take: it is full, or Redis is down.</summary>
public enum BufferOverflow
{
    /// <summary>The append waits until there is room, or Redis is back, for at most <see cref="WriteBufferOptions{T}.BlockTimeout"/>; then it
    /// fails as with <see cref="Reject"/>.</summary>
    Block,

    /// <summary>The append fails at once: <see cref="BufferFullException"/>, <see cref="BufferUnavailableException"/>, or
    /// <see cref="BufferAppendUnknownException"/> where Redis may have taken it.</summary>
    Reject,

    /// <summary>The append writes its rows into PostgreSQL itself, with the same columns and hooks, and ends when they are committed there.
    /// They come before rows that still wait. Rows that Redis may have taken are written once all the same.</summary>
    WriteThrough,
}
