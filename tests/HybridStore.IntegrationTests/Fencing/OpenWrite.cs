using Npgsql;

namespace HybridStore.IntegrationTests.Fencing;

/// <summary>A transaction of the application's own that has changed a row, and waits to be committed.</summary>
internal sealed class OpenWrite : IAsyncDisposable
{
    private readonly NpgsqlConnection _connection;
    private readonly NpgsqlTransaction _transaction;

    private OpenWrite(NpgsqlConnection connection, NpgsqlTransaction transaction, ulong xid)
    {
        _connection = connection;
        _transaction = transaction;
        Xid = xid;
    }

    public ulong Xid { get; }

    public static async Task<OpenWrite> BeginAsync(NpgsqlDataSource dataSource, string sql)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var connection = await dataSource.OpenConnectionAsync(cancellation);
        var transaction = await connection.BeginTransactionAsync(cancellation);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellation);
        return new OpenWrite(
            connection, transaction, await LoadPaths.ScalarAsync<ulong>("select pg_current_xact_id()", connection, cancellation));
    }

    public Task CommitAsync() => _transaction.CommitAsync(TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _transaction.DisposeAsync();
        await _connection.DisposeAsync();
    }
}
