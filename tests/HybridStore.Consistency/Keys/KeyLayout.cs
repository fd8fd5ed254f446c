using System.Globalization;

namespace HybridStore.Consistency.Keys;

/// <summary>Which rows there are, how they are grouped, and which keys and tags show them.</summary>
internal sealed class KeyLayout
{
    private const int RowsOfGroup = 5;

    private readonly int[][] _rows;
    private readonly string[] _tags;

    /// <param name="rows">How many rows.</param>
    /// <param name="hasBypasses">Whether some of the watched rows are left to writers past the store.</param>
    public KeyLayout(int rows, bool hasBypasses = false)
    {
        Rows = rows;
        Groups = Math.Max(1, rows / RowsOfGroup);
        _rows = [.. Enumerable.Range(0, Groups).Select(group => Enumerable.Range(0, rows).Where(row => row % Groups == group).ToArray())];
        _tags = [.. Enumerable.Range(0, Groups).Select(group => string.Create(CultureInfo.InvariantCulture, $"group:{group}"))];
        Written = [.. Enumerable.Range(0, rows).Where(row => !hasBypasses || Groups < 4 || GroupOf(row) % 4 != 2)];
        Keys =
        [
            .. Enumerable.Range(0, rows).Select(row => new SoakKey(KeyKind.Item, row)),
            .. Enumerable.Range(0, rows).Select(row => new SoakKey(KeyKind.Member, row)),
            .. Enumerable.Range(0, Groups).Select(group => new SoakKey(KeyKind.List, group)),
            .. Enumerable.Range(0, Groups).Select(group => new SoakKey(KeyKind.Page, group)),
        ];
    }

    public int Rows { get; }

    public int Groups { get; }

    /// <summary>Whether the journal hears of every change of a row, whoever makes it. Every other group: where it does, it mends in a moment
    /// what is to be found in the rest.</summary>
    public bool IsWatched(int row) => GroupOf(row) % 2 == 0;

    public IReadOnlyList<SoakKey> Keys { get; }

    /// <summary>The rows that the store writes, ascending. Where it does not, nobody else makes good what the journal misses.</summary>
    public IReadOnlyList<int> Written { get; }

    public int GroupOf(int row) => row % Groups;

    public string TagOfGroup(int group) => _tags[group];

    public string? TagOf(SoakKey key) => key.Kind switch
    {
        KeyKind.Item => null,
        KeyKind.Member => _tags[GroupOf(key.Number)],
        _ => _tags[key.Number],
    };

    /// <summary>The rows that a key's value shows, ascending.</summary>
    public int[] RowsOf(SoakKey key) => key.Kind is KeyKind.Item or KeyKind.Member ? [key.Number] : _rows[key.Number];

    /// <summary>All keys that show a row.</summary>
    public SoakKey[] KeysOf(int row) =>
    [
        new(KeyKind.Item, row), new(KeyKind.Member, row), new(KeyKind.List, GroupOf(row)), new(KeyKind.Page, GroupOf(row)),
    ];

    /// <summary>The key whose cached value a key is built from.</summary>
    public static SoakKey? PartOf(SoakKey key) => key.Kind == KeyKind.Page ? key with { Kind = KeyKind.List } : null;
}
