using System.Globalization;

namespace HybridStore.Diagnostics.Watching;

/// <summary>What is watched of a server's <c>INFO</c>. Whatever is missing, or is not what it should be, is null.</summary>
internal sealed record ServerInfo
{
    private const int LongestPolicy = 32;

    public long? KeyspaceHits { get; init; }

    public long? KeyspaceMisses { get; init; }

    public long? EvictedKeys { get; init; }

    public long? ExpiredKeys { get; init; }

    /// <summary>In bytes.</summary>
    public long? UsedMemory { get; init; }

    /// <summary>In bytes; 0 for no limit.</summary>
    public long? MemoryLimit { get; init; }

    public string? EvictionPolicy { get; init; }

    /// <summary>The bytes of a server are untrusted: lines that are not understood are passed over, and of two with one name the first
    /// counts.</summary>
    public static ServerInfo Parse(string? text)
    {
        var info = new ServerInfo();
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            if (line.IndexOf(':') is > 0 and var colon)
            {
                info = info.With(line[..colon], line[(colon + 1)..]);
            }
        }

        return info;
    }

    private ServerInfo With(ReadOnlySpan<char> name, ReadOnlySpan<char> value) => name switch
    {
        "keyspace_hits" => this with { KeyspaceHits = KeyspaceHits ?? Number(value) },
        "keyspace_misses" => this with { KeyspaceMisses = KeyspaceMisses ?? Number(value) },
        "evicted_keys" => this with { EvictedKeys = EvictedKeys ?? Number(value) },
        "expired_keys" => this with { ExpiredKeys = ExpiredKeys ?? Number(value) },
        "used_memory" => this with { UsedMemory = UsedMemory ?? Number(value) },
        "maxmemory" => this with { MemoryLimit = MemoryLimit ?? Number(value) },
        "maxmemory_policy" => this with { EvictionPolicy = EvictionPolicy ?? Policy(value) },
        _ => this,
    };

    private static long? Number(ReadOnlySpan<char> value) =>
        long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>A word that may stand in a tag of a metric and in a report.</summary>
    private static string? Policy(ReadOnlySpan<char> value)
    {
        if (value.IsEmpty || value.Length > LongestPolicy)
        {
            return null;
        }

        foreach (var c in value)
        {
            if (c is not (>= 'a' and <= 'z' or '-'))
            {
                return null;
            }
        }

        return value.ToString();
    }
}
