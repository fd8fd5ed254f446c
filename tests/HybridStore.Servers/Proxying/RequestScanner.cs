namespace HybridStore.Servers.Proxying;

/// <summary>Finds markers in the byte stream of one connection, also where two chunks meet.</summary>
internal sealed class RequestScanner
{
    public const int LongestMarker = 256;

    private readonly byte[] _tail = new byte[LongestMarker - 1];
    private int _tailLength;

    /// <summary>Whether the marker ends in this chunk; <see cref="Advance"/> comes after all markers were looked for.</summary>
    public bool Contains(ReadOnlySpan<byte> chunk, ReadOnlySpan<byte> marker)
    {
        if (chunk.IndexOf(marker) >= 0)
        {
            return true;
        }

        var before = Math.Min(_tailLength, marker.Length - 1);
        var after = Math.Min(chunk.Length, marker.Length - 1);
        Span<byte> seam = stackalloc byte[(2 * LongestMarker) - 2];
        _tail.AsSpan(_tailLength - before, before).CopyTo(seam);
        chunk[..after].CopyTo(seam[before..]);
        return seam[..(before + after)].IndexOf(marker) >= 0;
    }

    public void Advance(ReadOnlySpan<byte> chunk)
    {
        if (chunk.Length >= _tail.Length)
        {
            chunk[^_tail.Length..].CopyTo(_tail);
            _tailLength = _tail.Length;
            return;
        }

        var kept = Math.Min(_tailLength, _tail.Length - chunk.Length);
        _tail.AsSpan(_tailLength - kept, kept).CopyTo(_tail);
        chunk.CopyTo(_tail.AsSpan(kept));
        _tailLength = kept + chunk.Length;
    }
}
