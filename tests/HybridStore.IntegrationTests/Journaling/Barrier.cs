using HybridStore.Fencing;

namespace HybridStore.IntegrationTests.Journaling;

/// <summary>Holds a store at some of its steps, each from when it is closed until it is opened.</summary>
internal sealed class Barrier : IProtocolGate
{
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource _joined = NewSource();
    private readonly Dictionary<ProtocolStep, (TaskCompletionSource Reached, TaskCompletionSource Open)> _closed = [];

    /// <summary>Completes when somebody waits for a load that another has started.</summary>
    public Task Joined => _joined.Task;

    public ProtocolUnderTest Protocol => new() { Gate = this };

    /// <summary>Closes a step.</summary>
    /// <returns>Completes when somebody stands before it.</returns>
    public Task Close(ProtocolStep step)
    {
        lock (_lock)
        {
            var (reached, _) = _closed[step] = (NewSource(), NewSource());
            return reached.Task;
        }
    }

    public void Open(ProtocolStep step)
    {
        lock (_lock)
        {
            if (_closed.Remove(step, out var closed))
            {
                closed.Open.SetResult();
            }
        }
    }

    public void OpenAll()
    {
        foreach (var step in Enum.GetValues<ProtocolStep>())
        {
            Open(step);
        }
    }

    public ValueTask PassAsync(ProtocolStep step)
    {
        lock (_lock)
        {
            if (!_closed.TryGetValue(step, out var closed))
            {
                return ValueTask.CompletedTask;
            }

            closed.Reached.TrySetResult();
            return new ValueTask(closed.Open.Task);
        }
    }

    public void WaitsFor(Task task) => _joined.TrySetResult();

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
