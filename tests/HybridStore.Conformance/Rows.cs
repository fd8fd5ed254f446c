using Npgsql;

namespace HybridStore.Conformance;

/// <summary>A table of items, and what the facts do with it.</summary>
internal static class Rows
{
    public const string Select = "select name from item where id = @id";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task CreateAsync(IStoreUnderTest test)
    {
        await ExecuteAsync(test, "create table item (id int primary key, name text)");
        await ExecuteAsync(test, "insert into item values (1, 'first'), (2, 'second')");
    }

    /// <summary>Straight to the database.</summary>
    public static async Task ExecuteAsync(IStoreUnderTest test, string sql)
    {
        await using var command = test.Database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Cancellation);
    }

    /// <summary>The name as the database has it.</summary>
    public static async Task<string?> NameAsync(IStoreUnderTest test, int id)
    {
        await using var command = test.Database.CreateCommand("select name from item where id = $1");
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = id });
        return (string?)await command.ExecuteScalarAsync(Cancellation);
    }

    public static ValueTask<string?> ReadAsync(IHybridStore store, int id) =>
        store.GetAsync<string>($"item:{id}", Select, new { id }, cancellationToken: Cancellation);

    /// <summary>Sets a name and names the key.</summary>
    public static Task<WriteReceipt> SetAsync(IHybridStore store, int id, string name, WriteOptions? options = null) => store.WriteAsync(
        (write, token) => SetAsync(write, id, name, token), options, Cancellation);

    public static Task SetAsync(WriteContext write, int id, string name, CancellationToken cancellationToken)
    {
        write.Invalidate($"item:{id}");
        return SetQuietlyAsync(write, id, name, cancellationToken);
    }

    /// <summary>Sets a name and names nothing.</summary>
    public static Task SetQuietlyAsync(WriteContext write, int id, string name, CancellationToken cancellationToken) =>
        write.ExecuteAsync("update item set name = @name where id = @id", new { id, name }, cancellationToken);
}
