namespace HybridStore.Realtime;

/// <summary>Redis has lost, or may have lost, rows that it had acknowledged and that had not reached PostgreSQL yet: it was emptied, restored, or has crashed
/// without having persisted them.</summary>
public sealed class BufferRowsLostException : WriteBufferException
{
    internal BufferRowsLostException(string buffer)
        : base(
            $"The Redis of the write buffer {buffer} has lost rows that had not reached PostgreSQL yet: it was emptied, restored, or has crashed. "
            + "Give the buffer a Redis that persists (appendonly yes) and does not evict: UseRedis.")
    {
    }
}
