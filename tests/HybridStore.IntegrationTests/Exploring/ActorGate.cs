using HybridStore.Fencing;

namespace HybridStore.IntegrationTests.Exploring;

/// <summary>Stops actors inside of the store. What comes from no actor passes.</summary>
internal sealed class ActorGate : IProtocolGate
{
    private static readonly AsyncLocal<Actor?> Flow = new();

    /// <summary>The actor that this code runs for.</summary>
    public static Actor? Current
    {
        get => Flow.Value;
        set => Flow.Value = value;
    }

    public ValueTask PassAsync(ProtocolStep step) => Current?.PassAsync(step) ?? ValueTask.CompletedTask;

    public void WaitsFor(Task task) => Current?.WaitsFor(task);
}
