namespace HybridStore.Consistency.History;

/// <summary>What an operation invalidates.</summary>
/// <param name="Keys">Keys.</param>
/// <param name="Tags">Tags.</param>
/// <param name="Everything">The whole cache.</param>
internal sealed record Names(IReadOnlyList<string> Keys, IReadOnlyList<string> Tags, bool Everything = false)
{
    private const string None = "-";
    private const string All = "*";

    public static Names OfNothing { get; } = new([], []);

    public static Names OfEverything { get; } = new([], [], Everything: true);

    public override string ToString() => Everything ? $"{All} {None}" : $"{Text(Keys)} {Text(Tags)}";

    public static Names Parse(string keys, string tags) => keys == All ? OfEverything : new Names(List(keys), List(tags));

    private static string Text(IReadOnlyList<string> names) => names.Count == 0 ? None : string.Join(',', names);

    private static string[] List(string text) => text == None ? [] : text.Split(',');
}
