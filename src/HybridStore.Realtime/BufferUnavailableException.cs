namespace HybridStore.Realtime;

/// <summary>Redis is down or not reached; the row was certainly not appended.</summary>
public sealed class BufferUnavailableException : WriteBufferException
{
    internal BufferUnavailableException(string buffer, Exception? innerException = null)
        : base(
            $"The Redis of the write buffer {buffer} is not there, and the row was not appended. Append again later, or set WhenRedisIsDown to "
            + "BufferOverflow.Block or BufferOverflow.WriteThrough.",
            innerException)
    {
    }
}
