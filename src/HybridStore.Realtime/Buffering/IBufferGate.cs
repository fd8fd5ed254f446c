namespace HybridStore.Realtime.Buffering;

/// <summary>The steps of a worker between which it can be held, or die.</summary>
internal enum BufferStep
{
    /// <summary>A batch has been read from Redis; its transaction begins.</summary>
    Write,

    /// <summary>COMMIT is sent.</summary>
    Commit,

    /// <summary>What was committed is removed from Redis.</summary>
    Trim,
}

/// <summary>For tests only: where a worker can be held.</summary>
internal interface IBufferGate
{
    /// <summary>Called before a step; the step is done when the task completes, and fails when it does.</summary>
    ValueTask PassAsync(BufferStep step, int partition);
}
