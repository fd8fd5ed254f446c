namespace HybridStore.Realtime.Buffering;

/// <summary>What an application does to a row before it is written.</summary>
/// <returns>False if the row is dropped.</returns>
internal delegate bool BufferHook<T>(T row, out T result);
