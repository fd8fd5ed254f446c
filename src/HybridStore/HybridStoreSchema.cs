using HybridStore.Journaling.Schema;
using Npgsql;

namespace HybridStore;

/// <summary>The schema in PostgreSQL by which it tells the cache what has changed: the journal, and triggers on the tables that are watched
/// with <c>Watch</c>. Registered next to <see cref="IHybridStore"/>, under the same key. Safe to use from any thread.</summary>
/// <remarks>
/// <para>Watching a table costs a statement some 20 µs. The triggers run with the rights of the schema's owner, so users who write to a watched
/// table need none on the schema.</para>
/// <para>Where a superuser installs, event triggers follow what becomes of watched tables: new partitions get their triggers, and rewriting,
/// dropping, attaching and detaching empty the whole cache. Otherwise that is left to you: install again after a partition or a child table was
/// added or attached (until then, what is written to it directly is not seen), and call <see cref="IHybridStore.FlushAsync"/> after DDL
/// that changes values or removes rows. What logical replication writes on a subscriber is not seen at all: PostgreSQL runs no statement
/// triggers for it.</para>
/// </remarks>
public sealed class HybridStoreSchema
{
    private readonly SchemaScript _script;
    private readonly SchemaConnection _connection;

    internal HybridStoreSchema(SchemaScript script, SchemaConnection connection)
    {
        _script = script;
        _connection = connection;
    }

    /// <summary>The SQL that installs the schema or brings it up to date, for whoever may do so. It needs no connection to be written, runs
    /// in one transaction, and can be run again at any time.</summary>
    /// <remarks>Whoever runs it must be allowed to create a schema, or own it, and must own the watched tables. A superuser gets event
    /// triggers in addition. It locks writers out of a table for a moment when triggers are put on it. A table that is not watched any more keeps
    /// its triggers, since another application may want them: <c>select hybridstore.unwatch('users')</c> removes them.</remarks>
    /// <param name="applicationRole">The PostgreSQL role of the application, which is given the rights it needs. Null: it is the one that runs
    /// the script.</param>
    /// <exception cref="ArgumentException"><paramref name="applicationRole"/> is empty.</exception>
    public string GetInstallScript(string? applicationRole = null)
    {
        if (applicationRole is not null)
        {
            ArgumentException.ThrowIfNullOrWhiteSpace(applicationRole);
        }

        return $"begin;\n\n{_script.Install(applicationRole)}\ncommit;\n";
    }

    /// <summary>Runs what <see cref="GetInstallScript"/> writes, as the user of the store's connection, or of
    /// <see cref="JournalOptions.ListenerConnectionString"/> where that is set.</summary>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="InvalidOperationException">A table or column does not exist or cannot be watched, or a newer release has installed the
    /// schema. The message says which and why.</exception>
    /// <exception cref="NpgsqlException">PostgreSQL is away, or refused for another reason, such as missing rights.</exception>
    public Task InstallAsync(CancellationToken cancellationToken = default) => RunAsync(_script.Install(null), cancellationToken);

    /// <summary>The SQL that removes the schema, all triggers, and the journal with what is in it. Stop the applications that use it
    /// first.</summary>
    public string GetRemovalScript() => $"begin;\n\n{_script.Remove()}\ncommit;\n";

    /// <summary>Runs what <see cref="GetRemovalScript"/> writes.</summary>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="NpgsqlException">PostgreSQL is away, or refused.</exception>
    public Task RemoveAsync(CancellationToken cancellationToken = default) => RunAsync(_script.Remove(), cancellationToken);

    private async Task RunAsync(string script, CancellationToken cancellationToken)
    {
        try
        {
            await _connection.RunAsync(
                async (connection, token) =>
                {
                    var transaction = await connection.BeginTransactionAsync(token).ConfigureAwait(false);
                    await using (transaction.ConfigureAwait(false))
                    {
                        var command = new NpgsqlCommand(script, connection, transaction);
                        await using (command.ConfigureAwait(false))
                        {
                            await command.ExecuteNonQueryAsync(token).ConfigureAwait(false);
                        }

                        await transaction.CommitAsync(token).ConfigureAwait(false);
                    }
                },
                cancellationToken).ConfigureAwait(false);
        }
        catch (PostgresException error) when (error.SqlState == SchemaScript.Refused)
        {
            throw new InvalidOperationException(error.MessageText, error);
        }
    }
}
