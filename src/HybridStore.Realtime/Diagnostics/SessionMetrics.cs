using System.Diagnostics.Metrics;

namespace HybridStore.Realtime.Diagnostics;

/// <summary>What sessions with a copy count beside their calls.</summary>
internal sealed class SessionMetrics(RealtimeMetrics metrics)
{
    private readonly Counter<long> _restored = metrics.Meter.CreateCounter<long>(
        "hybridstore.sessions.restored", "{session}", "Sessions that Redis had lost and that came back from the copy in PostgreSQL.");

    private readonly Counter<long> _servedByCopy = metrics.Meter.CreateCounter<long>(
        "hybridstore.sessions.served_by_copy", "{call}", "Calls that the copy in PostgreSQL answered because Redis did not.");

    private readonly Counter<long> _copyFailures = metrics.Meter.CreateCounter<long>(
        "hybridstore.sessions.copy_failures", "{write}", "Changes that the copy in PostgreSQL could not be told.");

    public void Restored() => _restored.Add(1, metrics.Store);

    public void ServedByCopy() => _servedByCopy.Add(1, metrics.Store);

    public void CopyFailed() => _copyFailures.Add(1, metrics.Store);
}
