namespace HybridStore.Realtime;

/// <summary>The row was sent to Redis, or written through into PostgreSQL, and no answer came: it may or may not arrive. Appended again it could arrive twice, unless
/// <see cref="WriteBufferOptions{T}.DeduplicateOn"/> names what tells rows apart.</summary>
public sealed class BufferAppendUnknownException : WriteBufferException
{
    internal BufferAppendUnknownException(string buffer, Exception? innerException)
        : base(
            $"The row was sent to the Redis of the write buffer {buffer}, or written through into PostgreSQL, and no answer came: it may or may "
            + "not arrive. Appended again it could arrive twice, unless DeduplicateOn tells rows apart. After an answer of Redis that did not "
            + "come BufferOverflow.Block and BufferOverflow.WriteThrough find out by themselves.",
            innerException)
    {
    }
}
