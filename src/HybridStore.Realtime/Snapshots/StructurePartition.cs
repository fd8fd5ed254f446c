using System.Globalization;
using System.Text;
using HybridStore.Keys;

namespace HybridStore.Realtime.Snapshots;

/// <summary>Where a structure lives: in one of sixteen slots, so that a change and the note of it for the next snapshot are made by one script
/// on Redis Cluster too, and a snapshot finds all notes in sixteen places.</summary>
/// <remarks>The number is part of the names in Redis and in no option: another one would not find what is there.</remarks>
internal static class StructurePartition
{
    public const int Count = 16;

    private static readonly string[] Tags =
        [.. Enumerable.Range(0, Count).Select(number => string.Create(CultureInfo.InvariantCulture, $"{{p{number}}}"))];

    /// <summary>The hash tag, with its braces.</summary>
    public static string TagAt(int partition) => Tags[partition];

    public static string TagOf(string name) => Tags[Of(name)];

    public static int Of(string name)
    {
        Span<byte> bytes = stackalloc byte[KeyRules.MaximumBytes];
        return Fnv1a(Encoding.UTF8.TryGetBytes(name, bytes, out var length) ? bytes[..length] : Encoding.UTF8.GetBytes(name)) % Count;
    }

    private static int Fnv1a(ReadOnlySpan<byte> bytes)
    {
        var hash = 2166136261u;
        foreach (var value in bytes)
        {
            hash = unchecked((hash ^ value) * 16777619u);
        }

        return (int)((hash >> 16) ^ (hash & 0x7FFF));
    }
}
