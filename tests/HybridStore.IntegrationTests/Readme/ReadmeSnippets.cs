using System.Text.RegularExpressions;

namespace HybridStore.IntegrationTests.Readme;

/// <summary>The code in README.md, and the marked regions of the sources in the folders Readme of all tests: <c>// readme: name</c> to
/// <c>// readme: end</c>.</summary>
internal static partial class ReadmeSnippets
{
    public static IReadOnlyList<string> InReadme() =>
        [.. CodeBlock().Matches(File.ReadAllText(Path.Combine(Repository(), "README.md")))
            .Select(block => Normalized(block.Groups["code"].Value))];

    public static IReadOnlyDictionary<string, string> InSources() =>
        Directory.EnumerateDirectories(Path.Combine(Repository(), "tests"))
            .Select(tests => Path.Combine(tests, "Readme"))
            .Where(Directory.Exists)
            .SelectMany(folder => Directory.EnumerateFiles(folder, "*.cs"))
            .SelectMany(file => Region().Matches(File.ReadAllText(file)))
            .ToDictionary(region => region.Groups["name"].Value, region => Normalized(region.Groups["code"].Value));

    private static string Normalized(string code) => WhiteSpace().Replace(code, " ").Trim();

    // A deterministic build leaves no paths of this machine in the program: the sources are looked for from where it runs.
    private static string Repository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "HybridStore.sln")))
        {
            folder = folder.Parent
                ?? throw new InvalidOperationException("README.md is read from the repository: run the tests inside of it.");
        }

        return folder.FullName;
    }

    [GeneratedRegex(@"^```csharp\r?\n(?<code>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex CodeBlock();

    [GeneratedRegex(@"^[ ]*// readme: (?!end)(?<name>[\w-]+)\r?\n(?<code>.*?)^[ ]*// readme: end", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Region();

    [GeneratedRegex(@"\s+")]
    private static partial Regex WhiteSpace();
}
