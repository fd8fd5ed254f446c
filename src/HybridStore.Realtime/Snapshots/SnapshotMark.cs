using System.Text;

namespace HybridStore.Realtime.Snapshots;

/// <summary>What a mark says has changed.</summary>
internal enum ChangeScope
{
    /// <summary>One field or member.</summary>
    Field,

    /// <summary>When it expires.</summary>
    Expiry,

    /// <summary>All of it.</summary>
    Whole,
}

/// <summary>A note for the next snapshot that something has changed, as scripts leave it: the kind, the name, a zero byte, and what.</summary>
/// <param name="Kind">Which kind of structure, a letter.</param>
/// <param name="Name">Which one; no name holds a zero byte.</param>
/// <param name="Scope">What of it.</param>
/// <param name="Field">Which field or member; empty but for one.</param>
internal readonly record struct SnapshotMark(char Kind, string Name, ChangeScope Scope, byte[] Field)
{
    /// <summary>What all marks of a structure begin with.</summary>
    public static byte[] PrefixOf(char kind, string name) => Encoding.UTF8.GetBytes($"{kind}{name}\0");

    /// <summary>False for what is no mark.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out SnapshotMark mark)
    {
        mark = default;
        var end = bytes.IndexOf((byte)0);
        if (end < 2 || end + 1 >= bytes.Length)
        {
            return false;
        }

        ChangeScope scope;
        switch (bytes[end + 1])
        {
            case (byte)'m':
                scope = ChangeScope.Field;
                break;
            case (byte)'t':
                scope = ChangeScope.Expiry;
                break;
            case (byte)'w':
                scope = ChangeScope.Whole;
                break;
            default:
                return false;
        }

        mark = new SnapshotMark(
            (char)bytes[0], Encoding.UTF8.GetString(bytes[1..end]), scope, scope == ChangeScope.Field ? bytes[(end + 2)..].ToArray() : []);
        return true;
    }
}
