using System.Globalization;

namespace HybridStore.Consistency.Keys;

/// <summary>A key of the soak: its kind, and the number of a row or of a group.</summary>
internal readonly record struct SoakKey(KeyKind Kind, int Number)
{
    public string Name => string.Create(CultureInfo.InvariantCulture, $"{Word(Kind)}:{Number}");

    /// <exception cref="FormatException">It is no key of the soak.</exception>
    public static SoakKey Parse(string name)
    {
        var colon = name.IndexOf(':', StringComparison.Ordinal);
        foreach (var kind in Enum.GetValues<KeyKind>())
        {
            if (colon > 0 && name.AsSpan(0, colon).SequenceEqual(Word(kind)))
            {
                return new SoakKey(kind, int.Parse(name.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture));
            }
        }

        throw new FormatException($"'{name}' is no key of the soak.");
    }

    public override string ToString() => Name;

    private static string Word(KeyKind kind) => kind switch
    {
        KeyKind.Item => "item",
        KeyKind.Member => "member",
        KeyKind.List => "list",
        _ => "page",
    };
}
