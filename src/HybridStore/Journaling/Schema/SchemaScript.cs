using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using HybridStore.Journaling.Watching;

namespace HybridStore.Journaling.Schema;

/// <summary>Writes the script that installs the schema, from the parts that are resources of the assembly. It needs no connection: what the
/// columns are is found out where it runs.</summary>
/// <param name="schema">The name of the schema.</param>
/// <param name="ringDoorbell">Whether changes wake the listener.</param>
/// <param name="rowLimit">How many rows of one statement are named.</param>
/// <param name="watched">What is watched.</param>
internal sealed class SchemaScript(string schema, bool ringDoorbell, int rowLimit, IReadOnlyList<WatchedTable> watched)
{
    /// <summary>The version of the schema that this release installs and works with. It goes up when another release could not work with what
    /// is installed.</summary>
    public const int Version = 1;

    /// <summary>The SQLSTATE of what the schema refuses itself, in words meant for people.</summary>
    public const string Refused = "HS001";

    // The longest suffix is that of a trigger: an id of ten digits and the longest operation.
    private const int LongestPlainName = JournalOptions.LongestIdentifier - 20;

    private static readonly string[] Parts = ["1-tables", "2-rendering", "3-templates", "4-triggers", "5-watching", "6-definitions"];

    public string Schema { get; } = schema;

    public IReadOnlyList<WatchedTable> Watched { get; } = watched;

    /// <summary>The name of the schema as an identifier.</summary>
    public string QuotedSchema { get; } = TableName.Quote(schema);

    /// <summary>What the names of triggers begin with: the schema's, or a hash of it where they would be too long for PostgreSQL, which cuts
    /// names off.</summary>
    public string NamePrefix { get; } = Encoding.UTF8.GetByteCount(schema) <= LongestPlainName
        ? schema
        : "hybridstore_" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(schema)).AsSpan(0, 8));

    /// <summary>What <see cref="HybridStoreSchema.GetInstallScript"/> gives, but for its transaction.</summary>
    /// <param name="applicationRole">Who may use it; null: nobody but its owner.</param>
    public string Install(string? applicationRole)
    {
        var script = new StringBuilder();
        foreach (var part in Parts)
        {
            script.AppendLine(Fill(Load(part)));
        }

        foreach (var table in Watched)
        {
            script.AppendLine(
                CultureInfo.InvariantCulture, $"select {QuotedSchema}.watch({Text(table.Name.ToString())}, {Text(table.ToJson(rowLimit))});");
        }

        return script.AppendLine().Append(Grants(applicationRole)).ToString();
    }

    public string Remove() => Fill(Load("remove"));

    /// <summary>The definition of a table as it is installed.</summary>
    public string DefinitionOf(WatchedTable table) => table.ToJson(rowLimit);

    private static string Text(string value)
    {
        var doubled = value.Replace("'", "''", StringComparison.Ordinal);
        return doubled.Contains('\\', StringComparison.Ordinal)
            ? $"E'{doubled.Replace("\\", "\\\\", StringComparison.Ordinal)}'"
            : $"'{doubled}'";
    }

    private static string Load(string part)
    {
        using var stream = typeof(SchemaScript).Assembly.GetManifestResourceStream($"{part}.sql")
            ?? throw new InvalidOperationException($"The assembly lacks its resource {part}.sql.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }

    private string Fill(string part) => part
        .Replace("{body}", BodyMark(), StringComparison.Ordinal)
        .Replace("{version}", Version.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
        .Replace("{ring}", ringDoorbell ? "true" : "false", StringComparison.Ordinal)
        .Replace("{name_text}", Text(NamePrefix), StringComparison.Ordinal)
        .Replace("{bell_text}", Text($"{QuotedSchema}.bell"), StringComparison.Ordinal)
        .Replace("{journal_text}", Text($"{QuotedSchema}.journal"), StringComparison.Ordinal)
        .Replace("{state_text}", Text($"{QuotedSchema}.state"), StringComparison.Ordinal)
        .Replace("{schema_text}", Text(Schema), StringComparison.Ordinal)
        .Replace("{schema}", QuotedSchema, StringComparison.Ordinal);

    /// <summary>What stands around the bodies of functions; no name of a schema can end one.</summary>
    private string BodyMark()
    {
        var mark = "$body$";
        for (var number = 1; Schema.Contains(mark, StringComparison.Ordinal); number++)
        {
            mark = $"$body{number.ToString(CultureInfo.InvariantCulture)}$";
        }

        return mark;
    }

    private string Grants(string? applicationRole)
    {
        var grants = new StringBuilder()
            .AppendLine("-- Triggers and functions run with the rights of the schema's owner, so who writes to a watched table needs none here.")
            .AppendLine(CultureInfo.InvariantCulture, $"revoke all on schema {QuotedSchema} from public;")
            .AppendLine(CultureInfo.InvariantCulture, $"revoke all on all tables in schema {QuotedSchema} from public;")
            .AppendLine(CultureInfo.InvariantCulture, $"revoke all on all functions in schema {QuotedSchema} from public;");
        if (applicationRole is not null)
        {
            var role = TableName.Quote(applicationRole);
            grants
                .AppendLine(CultureInfo.InvariantCulture, $"grant usage on schema {QuotedSchema} to {role};")
                .AppendLine(CultureInfo.InvariantCulture, $"grant select, insert, delete on {QuotedSchema}.journal to {role};")
                .AppendLine(CultureInfo.InvariantCulture, $"grant select, update on {QuotedSchema}.state to {role};")
                .AppendLine(CultureInfo.InvariantCulture, $"grant select, usage, update on sequence {QuotedSchema}.bell to {role};")
                .AppendLine(CultureInfo.InvariantCulture, $"grant select on {QuotedSchema}.watched, {QuotedSchema}.watched_relation to {role};")
                .AppendLine(CultureInfo.InvariantCulture, $"grant execute on function {QuotedSchema}.record(text[], text[]) to {role};");
        }

        return grants.ToString();
    }
}
