using Dapper;
using Npgsql;

namespace HybridStore.Benchmarks.Workload;

/// <summary>The rows in PostgreSQL, each read by its primary key with Dapper.</summary>
internal sealed class ProductTable : IAsyncDisposable
{
    public const int Rows = 10_000;

    /// <summary>One row by its primary key, parameter <c>id</c>.</summary>
    public const string ById =
        """
        select id, sku, name, manufacturer, description, category, price, currency, stock, weightgrams, isactive, updatedat
        from product where id = @id
        """;

    /// <summary>Many rows by their primary keys, parameter <c>ids</c>.</summary>
    public const string ByIds =
        """
        select id, sku, name, manufacturer, description, category, price, currency, stock, weightgrams, isactive, updatedat
        from product where id = any(@ids)
        """;

    private const int PoolSize = 64;

    private readonly NpgsqlDataSource _dataSource;

    private ProductTable(NpgsqlDataSource dataSource) => _dataSource = dataSource;

    public NpgsqlDataSource DataSource => _dataSource;

    public static async Task<ProductTable> CreateAsync(string connectionString)
    {
        var pooled = new NpgsqlConnectionStringBuilder(connectionString) { MaxPoolSize = PoolSize };
        var table = new ProductTable(NpgsqlDataSource.Create(pooled));
        await using var connection = await table._dataSource.OpenConnectionAsync();
        await connection.ExecuteAsync(
            """
            create table product (
                id int primary key, sku text not null, name text not null, manufacturer text not null,
                description text not null, category text not null, price numeric not null, currency text not null,
                stock int not null, weightgrams int not null, isactive boolean not null, updatedat timestamptz not null)
            """);
        await connection.ExecuteAsync(
            """
            insert into product
            select id, 'SKU-' || lpad(id::text, 8, '0'), 'Electric kettle ' || id, 'Kettle Works ' || id % 97,
                'Boils ' || id % 7 + 1 || ' cups in two minutes and keeps them hot for an hour. ' || repeat(md5(id::text), 6),
                'kitchen/kettles', 19.90 + id % 400, 'EUR', id % 250, 800 + id % 900, true, now()
            from generate_series(1, @rows) as id
            """,
            new { rows = Rows });
        await connection.ExecuteAsync("analyze product");
        return table;
    }

    public async ValueTask<Product> ReadAsync(int id, CancellationToken cancellationToken = default)
    {
        await using var connection = await _dataSource.OpenConnectionAsync(cancellationToken);
        return await connection.QuerySingleAsync<Product>(new CommandDefinition(ById, new { id }, cancellationToken: cancellationToken));
    }

    public ValueTask DisposeAsync() => _dataSource.DisposeAsync();
}
