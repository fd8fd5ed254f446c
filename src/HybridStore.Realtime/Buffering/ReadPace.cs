namespace HybridStore.Realtime.Buffering;

/// <summary>How many entries of a stream are read at once: as many as are likely to be enough, and never more than may be held, however large
/// they are. What Redis could not send in time is asked for in smaller pieces. For one reader at a time.</summary>
internal sealed class ReadPace(int maximumRowBytes)
{
    /// <summary>How many bytes are held of a partition at most, about.</summary>
    public const int LargestBatchBytes = 16 << 20;

    private const int FirstEntries = 16;
    private const int FirstBytes = FirstEntries * (BufferEntry.HeaderLength + AppendCall.MostBytes);
    private const int Unlimited = 1 << 20;

    private readonly int _largestEntry = BufferEntry.HeaderLength + Math.Max(AppendCall.MostBytes, BufferEntry.RowHeaderLength + maximumRowBytes);
    private int _most = Unlimited;

    /// <summary>Of a stream of which nothing is known.</summary>
    public int First() => Math.Min(_most, Math.Clamp(FirstBytes / _largestEntry, 1, FirstEntries));

    /// <summary>After some have come, by those: some hold one row, some hundreds.</summary>
    /// <param name="entries">How many have come; at least 1.</param>
    /// <param name="rows">How many rows they had.</param>
    /// <param name="bytes">How many bytes.</param>
    /// <param name="wanted">How many rows are enough.</param>
    public int Next(int entries, int rows, long bytes, int wanted)
    {
        var share = Math.Max((double)rows / wanted, (double)bytes / LargestBatchBytes);
        var likely = (int)Math.Clamp(entries * ((1 / Math.Max(share, 0.001)) - 1), 1, entries * 16.0);
        var fitting = (int)Math.Max(1, (LargestBatchBytes - bytes) / _largestEntry);
        return Math.Min(_most, Math.Min(likely, fitting));
    }

    public void Succeeded() => _most = Math.Min(_most * 2, Unlimited);

    public void Failed() => _most = 1;
}
