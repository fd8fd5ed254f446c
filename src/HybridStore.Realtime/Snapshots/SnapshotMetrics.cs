using System.Diagnostics.Metrics;
using HybridStore.Diagnostics;
using HybridStore.Realtime.Diagnostics;

namespace HybridStore.Realtime.Snapshots;

/// <summary>What an operator wants to know of snapshots.</summary>
internal sealed class SnapshotMetrics
{
    private readonly KeyValuePair<string, object?> _store;
    private readonly Counter<long> _runs;
    private readonly Counter<long> _entries;
    private readonly Counter<long> _restored;

    public SnapshotMetrics(RealtimeMetrics metrics)
    {
        _store = metrics.Store;
        _runs = metrics.Meter.CreateCounter<long>("hybridstore.snapshots.runs", "{run}", "Snapshots that this instance took, by result: ok, failed.");
        _entries = metrics.Meter.CreateCounter<long>(
            "hybridstore.snapshots.entries", "{entry}", "Members and fields that snapshots wrote to PostgreSQL, by result: written, removed.");
        _restored = metrics.Meter.CreateCounter<long>(
            "hybridstore.snapshots.restored", "{structure}", "Structures that Redis had lost and that were put back from a snapshot, by kind.");
    }

    public void Ran(bool succeeded) => _runs.Add(1, _store, new(TagNames.Result, succeeded ? "ok" : "failed"));

    public void Wrote(long written, long removed)
    {
        _entries.Add(written, _store, new(TagNames.Result, "written"));
        _entries.Add(removed, _store, new(TagNames.Result, "removed"));
    }

    public void Restored(string kind) => _restored.Add(1, _store, new(TagNames.Kind, kind));
}
