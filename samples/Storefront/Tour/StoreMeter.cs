using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Storefront.Tour;

/// <summary>Counts where the store's reads were answered from, by its own meter.</summary>
internal sealed class StoreMeter : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, long> _reads = new();

    public StoreMeter()
    {
        _listener.InstrumentPublished = static (instrument, listener) =>
        {
            if (instrument is { Meter.Name: "HybridStore", Name: "hybridstore.reads" })
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((_, count, tags, _) =>
        {
            foreach (var tag in tags)
            {
                if (tag is { Key: "hybridstore.outcome", Value: string outcome })
                {
                    _reads.AddOrUpdate(outcome, count, (_, sum) => sum + count);
                }
            }
        });
        _listener.Start();
    }

    /// <summary>Reads answered by Redis so far.</summary>
    public long Hits => _reads.GetValueOrDefault("hit");

    /// <summary>All reads so far.</summary>
    public long Reads => _reads.Values.Sum();

    public void Dispose() => _listener.Dispose();
}
