namespace HybridStore.Realtime;

/// <summary>The buffer has as many rows, or bytes, as it may have; the row was not appended. Its workers are too slow, or PostgreSQL is
/// away.</summary>
public sealed class BufferFullException : WriteBufferException
{
    internal BufferFullException(string buffer, Exception? innerException = null)
        : base(
            $"The write buffer {buffer} is full, and the row was not appended: its workers are too slow, or PostgreSQL is away. Append again "
            + "later, raise MaximumLength or MaximumBytes (or the maxmemory of Redis), or set WhenFull to BufferOverflow.WriteThrough.",
            innerException)
    {
    }
}
