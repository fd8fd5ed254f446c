using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using System.Numerics;

namespace HybridStore.Benchmarks.Figures.Telemetry;

/// <summary>Listens to all instruments of the store's meter, and adds up what they measure as the exporters of metrics do: by the values of all
/// tags, in a dictionary, and histograms by the bucket.</summary>
internal sealed class AggregatingListener : IDisposable
{
    private readonly MeterListener _listener = new();

    public AggregatingListener()
    {
        _listener.InstrumentPublished = static (instrument, listener) =>
        {
            if (instrument.Meter.Name == HybridStoreTelemetry.MeterName)
            {
                listener.EnableMeasurementEvents(instrument, new Series(BucketsOf(instrument)));
            }
        };
        _listener.SetMeasurementEventCallback<long>(static (_, value, tags, series) => ((Series)series!).Add(value, tags));
        _listener.SetMeasurementEventCallback<int>(static (_, value, tags, series) => ((Series)series!).Add(value, tags));
        _listener.SetMeasurementEventCallback<double>(static (_, value, tags, series) => ((Series)series!).Add(value, tags));
        _listener.Start();
    }

    public void Dispose() => _listener.Dispose();

    private static double[] BucketsOf(Instrument instrument) => instrument switch
    {
        Histogram<double> of => [.. of.Advice?.HistogramBucketBoundaries ?? []],
        Histogram<int> of => [.. (of.Advice?.HistogramBucketBoundaries ?? []).Select(boundary => (double)boundary)],
        _ => [],
    };

    /// <summary>One instrument's sums.</summary>
    private sealed class Series(double[] buckets)
    {
        private readonly ConcurrentDictionary<KeyValuePair<string, object?>[], Aggregate> _aggregates = new(TagsComparer.Instance);

        public void Add(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var lookup = _aggregates.GetAlternateLookup<ReadOnlySpan<KeyValuePair<string, object?>>>();
            if (!lookup.TryGetValue(tags, out var aggregate))
            {
                aggregate = _aggregates.GetOrAdd(tags.ToArray(), _ => new Aggregate(buckets));
            }

            aggregate.Add(value);
        }
    }

    /// <summary>The sums of one set of tags. Each processor adds up for itself, as in the runtime's own aggregation.</summary>
    private sealed class Aggregate
    {
        private readonly double[] _buckets;
        private readonly Stripe[] _stripes;

        public Aggregate(double[] buckets)
        {
            _buckets = buckets;
            _stripes = new Stripe[(int)BitOperations.RoundUpToPowerOf2((uint)Environment.ProcessorCount)];
            for (var i = 0; i < _stripes.Length; i++)
            {
                _stripes[i] = new Stripe(buckets.Length);
            }
        }

        public void Add(double value)
        {
            var stripe = _stripes[Thread.GetCurrentProcessorId() & (_stripes.Length - 1)];
            if (_buckets.Length == 0)
            {
                stripe.Add(0, (long)value);
                return;
            }

            var bucket = 0;
            while (bucket < _buckets.Length && _buckets[bucket] < value)
            {
                bucket++;
            }

            stripe.Add(bucket, 1);
            stripe.Add(value);
        }
    }

    private sealed class Stripe(int buckets)
    {
        // Some more than there are buckets, so that no two processors write to one cache line.
        private readonly long[] _counts = new long[buckets + 17];
        private double _sum;

        public void Add(int bucket, long count) => Interlocked.Add(ref _counts[bucket], count);

        public void Add(double value)
        {
            double sum;
            do
            {
                sum = _sum;
            }
            while (Interlocked.CompareExchange(ref _sum, sum + value, sum) != sum);
        }
    }

    private sealed class TagsComparer :
        IEqualityComparer<KeyValuePair<string, object?>[]>,
        IAlternateEqualityComparer<ReadOnlySpan<KeyValuePair<string, object?>>, KeyValuePair<string, object?>[]>
    {
        public static readonly TagsComparer Instance = new();

        public bool Equals(KeyValuePair<string, object?>[]? x, KeyValuePair<string, object?>[]? y) => Equals(x.AsSpan(), y!);

        public int GetHashCode([DisallowNull] KeyValuePair<string, object?>[] obj) => GetHashCode(obj.AsSpan());

        public bool Equals(ReadOnlySpan<KeyValuePair<string, object?>> alternate, KeyValuePair<string, object?>[] other)
        {
            if (alternate.Length != other.Length)
            {
                return false;
            }

            for (var i = 0; i < other.Length; i++)
            {
                // Nearly always the same objects.
                if ((!ReferenceEquals(alternate[i].Key, other[i].Key) && alternate[i].Key != other[i].Key)
                    || (!ReferenceEquals(alternate[i].Value, other[i].Value) && !Equals(alternate[i].Value, other[i].Value)))
                {
                    return false;
                }
            }

            return true;
        }

        public int GetHashCode(ReadOnlySpan<KeyValuePair<string, object?>> alternate)
        {
            var hash = 17;
            foreach (var tag in alternate)
            {
                hash = (hash * 31) + (tag.Value?.GetHashCode() ?? 0);
            }

            return hash;
        }

        public KeyValuePair<string, object?>[] Create(ReadOnlySpan<KeyValuePair<string, object?>> alternate) => alternate.ToArray();
    }
}
