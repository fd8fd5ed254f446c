namespace HybridStore.Fencing;

/// <summary>Where the protocol can be held, so that a test decides in which order the steps of several callers are done.</summary>
internal interface IProtocolGate
{
    /// <summary>Called before a step; the step is done when the task completes.</summary>
    ValueTask PassAsync(ProtocolStep step);

    /// <summary>The caller waits for what another caller brings.</summary>
    void WaitsFor(Task task);
}
