namespace HybridStore.Realtime;

/// <summary>The row was sent to Redis and no answer came: it may or may not have been appended. Appended again it could arrive twice, unless
/// <see cref="WriteBufferOptions{T}.DeduplicateOn"/> names what tells rows apart.</summary>
public sealed class BufferAppendUnknownException : WriteBufferException
{
    internal BufferAppendUnknownException(string buffer, Exception? innerException)
        : base(
            $"The row was sent to the Redis of the write buffer {buffer} and no answer came: it may or may not arrive. Appended again it could "
            + "arrive twice. BufferOverflow.Block and BufferOverflow.WriteThrough find out by themselves.",
            innerException)
    {
    }
}
