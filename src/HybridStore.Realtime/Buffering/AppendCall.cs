namespace HybridStore.Realtime.Buffering;

/// <summary>Appends of several callers that go to Redis together. Not thread-safe.</summary>
internal sealed class AppendCall
{
    /// <summary>What one call carries at most. Larger ones gain nothing more and would hold Redis up for others.</summary>
    public const int MostRows = 256;

    /// <summary>The same in bytes, where it is more than one append.</summary>
    public const int MostBytes = 64 << 10;

    public List<PendingAppend> Appends { get; } = [];

    public int Rows { get; private set; }

    public int Bytes { get; private set; }

    public bool HasRoomFor(PendingAppend append) =>
        Appends.Count == 0 || (Rows + append.Rows <= MostRows && Bytes + append.Payload.Length <= MostBytes);

    public void Add(PendingAppend append)
    {
        Appends.Add(append);
        Rows += append.Rows;
        Bytes += append.Payload.Length;
    }

    /// <summary>Ends all that it carries.</summary>
    public void Settle(in AppendOutcome outcome)
    {
        foreach (var append in Appends)
        {
            append.TrySetResult(outcome);
        }
    }

    /// <summary>Leaves out, and ends, those for which there is no room.</summary>
    public AppendCall Fit(long rows, long bytes)
    {
        var fitting = new AppendCall();
        foreach (var append in Appends)
        {
            if (fitting.Rows + append.Rows <= rows && fitting.Bytes + (long)append.Payload.Length <= bytes)
            {
                fitting.Add(append);
            }
            else
            {
                append.TrySetResult(new AppendOutcome(AppendVerdict.Full));
            }
        }

        return fitting;
    }
}
