using System.Collections.Concurrent;
using HybridStore.Realtime.Buffering;

namespace HybridStore.Realtime.Tests.Buffering;

/// <summary>Holds workers before a step until it is opened.</summary>
internal sealed class HeldSteps(BufferStep held) : IBufferGate
{
    private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentDictionary<int, bool> _waiting = [];

    /// <summary>How many partitions have come to the step.</summary>
    public int Waiting => _waiting.Count;

    public void Open() => _open.TrySetResult();

    public async ValueTask PassAsync(BufferStep step, int partition)
    {
        if (step == held)
        {
            _waiting[partition] = true;
            await _open.Task;
        }
    }
}
