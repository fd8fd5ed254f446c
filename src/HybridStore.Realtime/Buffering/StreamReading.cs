namespace HybridStore.Realtime.Buffering;

/// <summary>What was read from the beginning of a stream. Not thread-safe.</summary>
internal sealed class StreamReading
{
    /// <summary>The id of the first entry that was read.</summary>
    public string FirstId { get; private set; } = "";

    /// <summary>The id of the last entry that was read.</summary>
    public string LastId { get; private set; } = "";

    public List<BufferEntry> Entries { get; } = [];

    /// <summary>Entries that this library has not written, each as if it were one row.</summary>
    public List<RefusedRow> Unreadable { get; } = [];

    public int Rows { get; private set; }

    public long Bytes { get; private set; }

    public int Count => Entries.Count + Unreadable.Count;

    /// <summary>Whether there is likely to be more.</summary>
    public bool IsCutShort { get; set; }

    public void Add(string id, byte[]? value)
    {
        FirstId = Count == 0 ? id : FirstId;
        LastId = id;
        if (value is not null && BufferEntry.TryDecode(id, value, out var entry))
        {
            Entries.Add(entry);
            Rows += entry.Rows.Length;
            Bytes += entry.PayloadBytes;
            return;
        }

        Unreadable.Add(new RefusedRow(id, 0, value ?? [], "The entry of the stream is not one that this version understands.", null));
        Rows++;
    }

    /// <summary>Whose calls there are.</summary>
    public Guid[] Producers() => [.. Entries.Select(entry => entry.Producer).Distinct()];
}
