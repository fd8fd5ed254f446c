namespace HybridStore.Realtime.Redis;

/// <summary>What a service asks Redis for: the name of its span and of its measurements. Made once, in a static field.</summary>
/// <param name="service">The service, such as <c>sessions</c>.</param>
/// <param name="name">The operation, such as <c>get</c>.</param>
internal sealed class RealtimeOperation(string service, string name)
{
    public string Service { get; } = service;

    public string Name { get; } = name;

    public string SpanName { get; } = $"hybridstore.{service}.{name}";
}
