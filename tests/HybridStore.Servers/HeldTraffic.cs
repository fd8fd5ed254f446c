using HybridStore.Servers.Proxying;

namespace HybridStore.Servers;

/// <summary>A request or reply that a <see cref="FaultProxy"/> keeps back: a gate for tests of races. Disposing releases it.</summary>
public sealed class HeldTraffic : IDisposable
{
    private readonly RequestTrigger _trigger;

    internal HeldTraffic(RequestTrigger trigger) => _trigger = trigger;

    /// <summary>Ends when the request (or its reply) is being held.</summary>
    public Task Arrived => _trigger.Happened;

    /// <summary>Lets it pass, and everything behind it on its connection.</summary>
    public void Release() => _trigger.Release();

    /// <inheritdoc/>
    public void Dispose() => Release();
}
