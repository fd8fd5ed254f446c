namespace HybridStore.Realtime.Buffering;

/// <summary>Cuts many rows into pieces that go to Redis in one call each.</summary>
internal static class RowChunks
{
    /// <summary>All rows are encoded before the first piece is there: one that cannot be leaves nothing half done.</summary>
    public static List<(byte[] Payload, int Rows)> Of<T>(IReadOnlyList<T> rows, Func<T, byte[]> encode, int mostRows, int mostBytes)
    {
        var chunks = new List<(byte[], int)>();
        var parts = new List<byte[]>();
        var bytes = 0;
        for (var index = 0; index < rows.Count; index++)
        {
            var row = encode(rows[index]);
            if (parts.Count > 0 && (parts.Count == mostRows || bytes + row.Length > mostBytes))
            {
                Close();
            }

            parts.Add(row);
            bytes += row.Length;
        }

        if (parts.Count > 0)
        {
            Close();
        }

        return chunks;

        void Close()
        {
            var payload = GC.AllocateUninitializedArray<byte>(bytes);
            var at = 0;
            foreach (var part in parts)
            {
                part.CopyTo(payload, at);
                at += part.Length;
            }

            chunks.Add((payload, parts.Count));
            parts.Clear();
            bytes = 0;
        }
    }
}
