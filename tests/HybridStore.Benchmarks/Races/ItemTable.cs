using Dapper;
using Npgsql;

namespace HybridStore.Benchmarks.Races;

/// <summary>Rows whose versions only grow.</summary>
internal sealed class ItemTable : IAsyncDisposable
{
    public const string Query = "select version from item where id = @id";

    private readonly NpgsqlDataSource _dataSource;

    private ItemTable(NpgsqlDataSource dataSource) => _dataSource = dataSource;

    public NpgsqlDataSource DataSource => _dataSource;

    public static async Task<ItemTable> CreateAsync(string connectionString)
    {
        var table = new ItemTable(NpgsqlDataSource.Create(connectionString));
        await using var connection = await table._dataSource.OpenConnectionAsync();
        await connection.ExecuteAsync("create table item (id serial primary key, version int not null default 0)");
        return table;
    }

    public async Task<RaceItem> AddAsync()
    {
        await using var connection = await _dataSource.OpenConnectionAsync();
        return new RaceItem(await connection.QuerySingleAsync<int>("insert into item default values returning id"));
    }

    /// <summary>Commits the next version, which it returns.</summary>
    public async Task<int> ChangeAsync(RaceItem item)
    {
        await using var connection = await _dataSource.OpenConnectionAsync();
        return await connection.QuerySingleAsync<int>(
            "update item set version = version + 1 where id = @Id returning version", new { item.Id });
    }

    public async Task<int> ReadAsync(RaceItem item, CancellationToken cancellationToken)
    {
        await using var connection = await _dataSource.OpenConnectionAsync(cancellationToken);
        return await connection.QuerySingleAsync<int>(
            new CommandDefinition(Query, new { id = item.Id }, cancellationToken: cancellationToken));
    }

    public ValueTask DisposeAsync() => _dataSource.DisposeAsync();
}
