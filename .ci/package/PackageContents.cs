using System.IO.Compression;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text;
using System.Xml.Linq;

namespace Consumer;

/// <summary>The package: its description, its dependencies, its documentation and its symbols.</summary>
/// <param name="name">The package's name.</param>
/// <param name="type">A type that it documents.</param>
internal sealed class PackageContents(string name, string type)
{
    private static readonly Guid SourceLink = new("CC110556-A091-4D38-9FEC-25AB9A351A6A");
    private readonly string _assembly = $"lib/net10.0/{name}.dll";
    private readonly string _documentation = $"lib/net10.0/{name}.xml";

    public void Check(string path, string remote, string[] dependencies)
    {
        using var package = ZipFile.OpenRead(path);
        var description = XDocument.Parse(Read(package, $"{name}.nuspec")).Root!.Elements().Single();
        CheckDescription(description, remote);
        CheckDependencies(description, dependencies);

        Consumer.Check.That(Read(package, "README.md").StartsWith("# HybridStore", StringComparison.Ordinal), "README.md is inside");
        Consumer.Check.That(
            package.Entries.Where(entry => entry.FullName.StartsWith("lib/", StringComparison.Ordinal))
                .Select(entry => entry.FullName).Order().SequenceEqual([_assembly, _documentation]),
            "one assembly with its documentation, and nothing else, is installed");
        Consumer.Check.That(
            Read(package, _documentation).Contains($"T:{type}", StringComparison.Ordinal), $"{type} is documented");
        CheckSymbols(package, remote);
    }

    private static void CheckDescription(XElement description, string remote)
    {
        XElement? Find(string name) => description.Element(description.Name.Namespace + name);

        var license = Find("license");
        Consumer.Check.That(
            license?.Attribute("type")?.Value == "expression" && license.Value == "MIT", "the license is the expression MIT");
        Consumer.Check.That(Find("readme")?.Value == "README.md", "the README is shown with the package");
        Consumer.Check.That(!string.IsNullOrWhiteSpace(Find("description")?.Value), "it has a description");
        if (IsHosted(remote))
        {
            var repository = Find("repository");
            Consumer.Check.That(
                repository?.Attribute("url")?.Value is { Length: > 0 } && repository.Attribute("commit")?.Value is { Length: 40 },
                "the repository and the commit are named");
        }
    }

    private static void CheckDependencies(XElement description, string[] expected)
    {
        var names = description.Descendants(description.Name.Namespace + "dependency")
            .Select(dependency => dependency.Attribute("id")!.Value)
            .Order(StringComparer.Ordinal)
            .ToArray();
        var (more, fewer) = (names.Except(expected), expected.Except(names));
        Consumer.Check.That(
            !more.Any() && !fewer.Any(),
            $"it depends on {expected.Length} packages, as listed (unexpected: {string.Join(", ", more.DefaultIfEmpty("none"))}; " +
            $"missing: {string.Join(", ", fewer.DefaultIfEmpty("none"))})");
    }

    private void CheckSymbols(ZipArchive package, string remote)
    {
        using var assembly = new PEReader(new MemoryStream(ReadBytes(package, _assembly)));
        var entry = assembly.ReadDebugDirectory().SingleOrDefault(entry => entry.Type == DebugDirectoryEntryType.EmbeddedPortablePdb);
        Consumer.Check.That(entry.DataSize > 0, "the symbols are in the assembly");

        using var provider = assembly.ReadEmbeddedPortablePdbDebugDirectoryData(entry);
        var symbols = provider.GetMetadataReader();
        var paths = symbols.Documents.Select(document => symbols.GetString(symbols.GetDocument(document).Name)).ToArray();
        Consumer.Check.That(
            paths.Length > 0 && paths.All(source => source.StartsWith("/_", StringComparison.Ordinal)),
            "the sources are named without the folders of the machine that built them");
        if (IsHosted(remote))
        {
            var links = symbols.CustomDebugInformation
                .Select(symbols.GetCustomDebugInformation)
                .Where(information => symbols.GetGuid(information.Kind) == SourceLink)
                .Select(information => Encoding.UTF8.GetString(symbols.GetBlobBytes(information.Value)));
            Consumer.Check.That(links.Any(link => link.Contains("https://", StringComparison.Ordinal)), "debuggers find the sources");
        }
    }

    /// <summary>Whether sources can be had from the repository's address: a folder or a host of one's own gives none.</summary>
    private static bool IsHosted(string remote) => remote.Contains("github.com", StringComparison.OrdinalIgnoreCase);

    private static string Read(ZipArchive package, string name) => Encoding.UTF8.GetString(ReadBytes(package, name)).TrimStart('\uFEFF');

    private static byte[] ReadBytes(ZipArchive package, string name)
    {
        var entry = package.GetEntry(name) ?? throw new InvalidOperationException($"Not so: {name} is inside");
        using var stream = entry.Open();
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }
}
