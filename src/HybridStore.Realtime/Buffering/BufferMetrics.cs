using System.Diagnostics.Metrics;
using HybridStore.Diagnostics;
using HybridStore.Realtime.Diagnostics;

namespace HybridStore.Realtime.Buffering;

/// <summary>What operators see of the write buffers of a store.</summary>
internal sealed class BufferMetrics
{
    private readonly KeyValuePair<string, object?> _store;
    private readonly Counter<long> _appended;
    private readonly Counter<long> _written;
    private readonly Counter<long> _deadLetters;
    private readonly Counter<long> _losses;

    public BufferMetrics(RealtimeMetrics metrics)
    {
        _store = metrics.Store;
        _appended = metrics.Meter.CreateCounter<long>(
            "hybridstore.buffer.appended",
            "{row}",
            "Rows that were to be appended to write buffers, by result: taken, direct (written past Redis), full, unavailable, unknown.");
        _written = metrics.Meter.CreateCounter<long>("hybridstore.buffer.written", "{row}", "Rows of write buffers that were written into PostgreSQL.");
        _deadLetters = metrics.Meter.CreateCounter<long>("hybridstore.buffer.dead_letters", "{row}", "Rows of write buffers that were refused and put aside.");
        _losses = metrics.Meter.CreateCounter<long>(
            "hybridstore.buffer.losses", "{loss}", "How often Redis was seen to know less of a write buffer than it had acknowledged.");
    }

    public void Appended(int rows, string result)
    {
        if (_appended.Enabled)
        {
            _appended.Add(rows, _store, new(TagNames.Result, result));
        }
    }

    public void Written(int rows, int refused)
    {
        _written.Add(rows, _store);
        if (refused > 0)
        {
            _deadLetters.Add(refused, _store);
        }
    }

    public void Lost() => _losses.Add(1, _store);
}
