using System.Text.RegularExpressions;

namespace HybridStore.Testing;

/// <summary>The text of statements as it is compared and shown.</summary>
internal static partial class StatementText
{
    private const int BeginningLength = 80;

    /// <summary>How a statement is broken into lines does not matter.</summary>
    public static string OnOneLine(string sql) => WhiteSpace().Replace(sql, " ").Trim();

    public static string Beginning(string sql)
    {
        var line = OnOneLine(sql);
        return line.Length <= BeginningLength ? line : line[..BeginningLength] + "...";
    }

    public static bool Contains(string sql, string part) =>
        OnOneLine(sql).Contains(OnOneLine(part), StringComparison.OrdinalIgnoreCase);

    [GeneratedRegex(@"\s+")]
    private static partial Regex WhiteSpace();
}
