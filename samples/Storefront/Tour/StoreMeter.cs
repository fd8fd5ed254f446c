using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Storefront.Tour;

/// <summary>Counts where the store's reads were answered from, and what that took, by its own meter.</summary>
internal sealed class StoreMeter : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, long> _reads = new();
    private long _loads;
    private long _calls;

    public StoreMeter()
    {
        _listener.InstrumentPublished = static (instrument, listener) =>
        {
            if (instrument.Meter.Name == "HybridStore"
                && instrument.Name is "hybridstore.reads" or "hybridstore.load.duration" or "hybridstore.redis.duration")
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
        _listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) =>
        {
            if (instrument.Name == "hybridstore.load.duration")
            {
                Interlocked.Increment(ref _loads);
            }
            else if (tags.Contains(new("hybridstore.operation", "read")))
            {
                Interlocked.Increment(ref _calls);
            }
        });
        _listener.Start();
    }

    /// <summary>Reads answered by Redis so far.</summary>
    public long Hits => _reads.GetValueOrDefault("hit");

    /// <summary>All reads so far.</summary>
    public long Reads => _reads.Values.Sum();

    /// <summary>Loads from PostgreSQL so far.</summary>
    public long Loads => Interlocked.Read(ref _loads);

    /// <summary>Calls so far that have read entries in Redis, one or many.</summary>
    public long Calls => Interlocked.Read(ref _calls);

    public void Dispose() => _listener.Dispose();
}
