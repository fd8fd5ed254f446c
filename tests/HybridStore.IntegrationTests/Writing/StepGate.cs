using System.Collections.Concurrent;
using HybridStore.Fencing;

namespace HybridStore.IntegrationTests.Writing;

/// <summary>Counts the steps of a store, and holds whoever comes to one of them.</summary>
/// <param name="held">The step that is not done before it is opened; null: none.</param>
internal sealed class StepGate(ProtocolStep? held) : IProtocolGate
{
    private readonly ConcurrentDictionary<ProtocolStep, int> _counts = new();
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Somebody has come to the step that is held.</summary>
    public Task Reached => _reached.Task;

    /// <summary>Released for everyone who has joined the load of another.</summary>
    public SemaphoreSlim Joined { get; } = new(0);

    public int Count(ProtocolStep step) => _counts.GetValueOrDefault(step);

    public void Open() => _open.SetResult();

    public ValueTask PassAsync(ProtocolStep step)
    {
        _counts.AddOrUpdate(step, 1, (_, count) => count + 1);
        if (step != held)
        {
            return ValueTask.CompletedTask;
        }

        _reached.TrySetResult();
        return new ValueTask(_open.Task);
    }

    public void WaitsFor(Task task) => Joined.Release();
}
