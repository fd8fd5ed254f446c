using HybridStore.Fencing;

namespace HybridStore.IntegrationTests.Journaling;

/// <summary>Holds a store at one step, from when it is closed until it is opened.</summary>
internal sealed class Barrier(ProtocolStep held) : IProtocolGate
{
    private readonly Lock _lock = new();
    private TaskCompletionSource? _open;
    private TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when somebody stands before it.</summary>
    public Task Reached
    {
        get
        {
            lock (_lock)
            {
                return _reached.Task;
            }
        }
    }

    public ProtocolUnderTest Protocol => new() { Gate = this };

    public void Close()
    {
        lock (_lock)
        {
            _open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    public void Open()
    {
        lock (_lock)
        {
            _open?.SetResult();
            _open = null;
        }
    }

    public ValueTask PassAsync(ProtocolStep step)
    {
        lock (_lock)
        {
            if (step != held || _open is null)
            {
                return ValueTask.CompletedTask;
            }

            _reached.TrySetResult();
            return new ValueTask(_open.Task);
        }
    }

    public void WaitsFor(Task task)
    {
    }
}
