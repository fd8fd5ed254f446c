using HybridStore.Journaling.Watching;
using Npgsql;

namespace HybridStore.Realtime.Buffering;

/// <summary>The table that rows go into, as PostgreSQL describes it: the types of its columns are asked once, and again after whatever may have
/// changed them. Safe to use from any thread.</summary>
internal sealed class TargetTable<T>(BufferRows<T> rows)
    where T : notnull
{
    private const string Stage = "pg_temp.hybridstore_stage";

    private readonly string _columns = string.Join(", ", rows.Columns.Select(column => TableName.Quote(column.Name)));
    private readonly string _unique = string.Join(", ", rows.UniqueColumns.Select(TableName.Quote));
    private volatile string[]? _types;

    /// <summary>Whether rows go through a temporary table, and those that are there already are dropped.</summary>
    public bool Deduplicates => rows.UniqueColumns.Count > 0;

    public string CopySql => $"copy {(Deduplicates ? Stage : rows.Table)} ({_columns}) from stdin (format binary)";

    public string StageSql => $"create temporary table hybridstore_stage on commit drop as select {_columns} from {rows.Table} with no data";

    public string MergeSql =>
        $"insert into {rows.Table} ({_columns}) select {_columns} from {Stage} on conflict ({_unique}) do nothing";

    public static string UnstageSql => $"drop table {Stage}";

    public async ValueTask<string[]> TypesAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (_types is { } known)
        {
            return known;
        }

        var command = new NpgsqlCommand($"select {_columns} from {rows.Table} limit 0", connection);
        await using (command.ConfigureAwait(false))
        {
            var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                var types = new string[rows.Columns.Length];
                for (var column = 0; column < types.Length; column++)
                {
                    types[column] = reader.GetPostgresType(column).DisplayName;
                }

                return _types = types;
            }
        }
    }

    public void ForgetTypes() => _types = null;
}
