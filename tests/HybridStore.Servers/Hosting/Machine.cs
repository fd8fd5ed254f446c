namespace HybridStore.Servers.Hosting;

/// <summary>What the choice of servers looks at; tests show it another machine.</summary>
internal sealed record Machine
{
    public static Machine Current { get; } = new();

    public Func<string, string?> Variable { get; init; } = Environment.GetEnvironmentVariable;

    /// <summary>Where Debian and Ubuntu keep the server binaries of each PostgreSQL version, off the PATH.</summary>
    public string PostgresVersionsFolder { get; init; } = "/usr/lib/postgresql";

    /// <summary>Where system programs are, which is not on every user's PATH.</summary>
    public IReadOnlyList<string> SystemFolders { get; init; } = ["/usr/sbin", "/usr/local/sbin"];

    /// <summary>The variable's value, or null when it is empty.</summary>
    public string? Setting(string name) => Variable(name) is { } value && !string.IsNullOrWhiteSpace(value) ? value.Trim() : null;

    /// <summary>The full path of a program on the PATH or among the system's, or null.</summary>
    public string? FindProgram(string name) =>
        (Variable("PATH") ?? string.Empty)
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Concat(SystemFolders)
            .Select(folder => Path.Combine(folder, name))
            .FirstOrDefault(File.Exists);

    /// <summary>The folder with the newest initdb and postgres, or null.</summary>
    public string? FindPostgresBinaries()
    {
        var packaged = Directory.Exists(PostgresVersionsFolder) ? Directory.GetDirectories(PostgresVersionsFolder) : [];
        var folders = packaged
            .OrderByDescending(folder => Version.TryParse(Path.GetFileName(folder) + ".0", out var version) ? version : new Version())
            .Select(folder => Path.Combine(folder, "bin"));
        return folders.Append(Path.GetDirectoryName(FindProgram("postgres")))
            .FirstOrDefault(folder => folder is not null
                && File.Exists(Path.Combine(folder, "postgres")) && File.Exists(Path.Combine(folder, "initdb")));
    }
}
