using System.Numerics;

namespace HybridStore.Usage;

/// <summary>What a policy is used for. Each processor counts in a cache line of its own, so that a hit waits for nobody.</summary>
internal sealed class UsageCounter
{
    // Two lines: processors fetch the neighbour of a line as well.
    private const int StripeLength = 16;

    private static readonly int Stripes = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Clamp(Environment.ProcessorCount, 1, 64));

    // The first stripe is left empty: the array's length stands before it.
    private readonly long[] _counts = new long[(Stripes + 1) * StripeLength];
    private volatile bool _lastHadTags;

    private enum What
    {
        Hits,
        MicrosecondsSaved,
        Misses,
        Loads,
        EntriesStored,
        BytesStored,
        Ended,
        NeverRead,
    }

    /// <summary>Whether the entry stored last had tags.</summary>
    public bool LastHadTags
    {
        get => _lastHadTags;
        set => _lastHadTags = value;
    }

    public long Hits => Sum(What.Hits);

    public TimeSpan LoadTimeSaved => TimeSpan.FromMicroseconds(Sum(What.MicrosecondsSaved));

    public long Misses => Sum(What.Misses);

    public long Loads => Sum(What.Loads);

    public long EntriesStored => Sum(What.EntriesStored);

    public long BytesStored => Sum(What.BytesStored);

    /// <summary>Entries that are over and were stored here.</summary>
    public long Ended => Sum(What.Ended);

    /// <summary>Those of them that were not read here.</summary>
    public long NeverRead => Sum(What.NeverRead);

    public void Hit(TimeSpan loadTime)
    {
        var at = Stripe();
        Interlocked.Increment(ref _counts[at + (int)What.Hits]);
        Interlocked.Add(ref _counts[at + (int)What.MicrosecondsSaved], loadTime.Ticks / TimeSpan.TicksPerMicrosecond);
    }

    public void Miss() => Add(What.Misses, 1);

    public void Load() => Add(What.Loads, 1);

    public void Stored(int bytes)
    {
        Add(What.EntriesStored, 1);
        Add(What.BytesStored, bytes);
    }

    public void End(bool wasRead)
    {
        Add(What.Ended, 1);
        Add(What.NeverRead, wasRead ? 0 : 1);
    }

    private static int Stripe() => ((Thread.GetCurrentProcessorId() & (Stripes - 1)) + 1) * StripeLength;

    private void Add(What what, long count) => Interlocked.Add(ref _counts[Stripe() + (int)what], count);

    private long Sum(What what)
    {
        var sum = 0L;
        for (var at = StripeLength + (int)what; at < _counts.Length; at += StripeLength)
        {
            sum += Volatile.Read(ref _counts[at]);
        }

        return sum;
    }
}
