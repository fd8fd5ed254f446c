using System.Globalization;
using System.Text;
using HybridStore.Journaling.Watching;
using Npgsql;

namespace HybridStore.Realtime;

/// <summary>The tables in PostgreSQL of the services beside the cache: copies of sessions, snapshots, and the progress and dead letters of write
/// buffers. Registered with the first service, under the store's key. Safe to use from any thread.</summary>
public sealed class RealtimeSchema
{
    /// <summary>It goes up when another release could not work with what is installed.</summary>
    internal const int Version = 1;

    private static readonly string[] Parts = ["realtime", "sessions", "snapshots", "buffers"];

    private readonly Func<NpgsqlDataSource> _dataSource;

    internal RealtimeSchema(string schema, Func<NpgsqlDataSource> dataSource)
    {
        (Name, _dataSource) = (schema, dataSource);
        Quoted = TableName.Quote(schema);
    }

    /// <summary>The schema's name, as it was set in <see cref="RealtimeOptions.Schema"/>.</summary>
    public string Name { get; }

    /// <summary>The name as an identifier.</summary>
    internal string Quoted { get; }

    /// <summary>The SQL that installs the tables or brings them up to date, for whoever may do so: in one transaction, as often as one
    /// likes.</summary>
    /// <param name="applicationRole">The PostgreSQL role of the application, which is given the rights it needs. Null: it is the one that runs
    /// the script.</param>
    /// <exception cref="ArgumentException"><paramref name="applicationRole"/> is empty.</exception>
    public string GetInstallScript(string? applicationRole = null)
    {
        if (applicationRole is not null)
        {
            ArgumentException.ThrowIfNullOrWhiteSpace(applicationRole);
        }

        return $"begin;\n\n{Install(applicationRole)}\ncommit;\n";
    }

    /// <summary>Runs what <see cref="GetInstallScript"/> writes, as the user of the store's connection.</summary>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="NpgsqlException">PostgreSQL is away, or refused, for example for want of rights.</exception>
    public async Task InstallAsync(CancellationToken cancellationToken = default)
    {
        var connection = await _dataSource().OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
            await using (transaction.ConfigureAwait(false))
            {
                var command = new NpgsqlCommand(Install(null), connection, transaction);
                await using (command.ConfigureAwait(false))
                {
                    await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
                }

                await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Whether the tables that this release needs are there.</summary>
    internal async Task<bool> IsInstalledAsync(CancellationToken cancellationToken)
    {
        var command = _dataSource().CreateCommand("select to_regclass($1) is not null");
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = $"{Quoted}.version" });
            if (!(bool)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!)
            {
                return false;
            }
        }

        var version = _dataSource().CreateCommand($"select version from {Quoted}.version");
        await using (version.ConfigureAwait(false))
        {
            return await version.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is int installed && installed == Version;
        }
    }

    private static string Load(string part)
    {
        using var stream = typeof(RealtimeSchema).Assembly.GetManifestResourceStream($"{part}.sql")
            ?? throw new InvalidOperationException($"The assembly lacks its resource {part}.sql.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }

    private string Install(string? applicationRole)
    {
        var script = new StringBuilder();
        foreach (var part in Parts)
        {
            script.AppendLine(Load(part)
                .Replace("{schema_text}", $"'{Name.Replace("'", "''", StringComparison.Ordinal)}'", StringComparison.Ordinal)
                .Replace("{version}", Version.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
                .Replace("{schema}", Quoted, StringComparison.Ordinal));
        }

        if (applicationRole is not null)
        {
            var role = TableName.Quote(applicationRole);
            script
                .AppendLine(CultureInfo.InvariantCulture, $"grant usage on schema {Quoted} to {role};")
                .AppendLine(CultureInfo.InvariantCulture, $"grant select, insert, update, delete on all tables in schema {Quoted} to {role};");
        }

        return script.ToString();
    }
}
