using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace HybridStore.IntegrationTests.Readme;

/// <summary>The code in README.md, and the marked regions of this folder's sources: <c>// readme: name</c> to
/// <c>// readme: end</c>.</summary>
internal static partial class ReadmeSnippets
{
    public static IReadOnlyList<string> InReadme() =>
        [.. CodeBlock().Matches(File.ReadAllText(Path.Combine(Folder(), "..", "..", "..", "README.md")))
            .Select(block => Normalized(block.Groups["code"].Value))];

    public static IReadOnlyDictionary<string, string> InSources() =>
        Directory.EnumerateFiles(Folder(), "*.cs")
            .SelectMany(file => Region().Matches(File.ReadAllText(file)))
            .ToDictionary(region => region.Groups["name"].Value, region => Normalized(region.Groups["code"].Value));

    private static string Normalized(string code) => WhiteSpace().Replace(code, " ").Trim();

    private static string Folder([CallerFilePath] string thisFile = "") => Path.GetDirectoryName(thisFile)!;

    [GeneratedRegex(@"^```csharp\r?\n(?<code>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex CodeBlock();

    [GeneratedRegex(@"^[ ]*// readme: (?!end)(?<name>\w+)\r?\n(?<code>.*?)^[ ]*// readme: end", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Region();

    [GeneratedRegex(@"\s+")]
    private static partial Regex WhiteSpace();
}
