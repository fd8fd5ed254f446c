using System.Text.Json;
using HybridStore.Benchmarks.Workload;
using StackExchange.Redis;

namespace HybridStore.Benchmarks.Contenders;

/// <summary>The bare client: one GET for each read, and System.Text.Json.</summary>
internal sealed class RedisClientContender : Contender
{
    private static readonly string[] Names = Keys("raw:");

    private readonly IConnectionMultiplexer _multiplexer;
    private readonly IDatabase _database;

    private RedisClientContender(ProductTable table, IConnectionMultiplexer multiplexer)
        : base("raw", table)
    {
        _multiplexer = multiplexer;
        _database = multiplexer.GetDatabase();
    }

    public static async Task<RedisClientContender> StartAsync(ProductTable table, string redis) =>
        new(table, await RedisConnections.ConnectAsync(redis));

    public override async ValueTask<Product> ReadAsync(int id)
    {
        var value = await _database.StringGetAsync(Names[id]);
        if (value.IsNull)
        {
            var product = await LoadAsync(id, CancellationToken.None);
            await _database.StringSetAsync(Names[id], JsonSerializer.SerializeToUtf8Bytes(product), TimeSpan.FromHours(1));
            return product;
        }

        return JsonSerializer.Deserialize<Product>(((ReadOnlyMemory<byte>)value).Span)!;
    }

    public IDatabase Database => _database;

    /// <summary>Many at once, by one MGET.</summary>
    public async Task ReadManyAsync(int[] ids)
    {
        var values = await _database.StringGetAsync(Array.ConvertAll(ids, id => (RedisKey)Names[id]));
        var products = Array.ConvertAll(values, value => JsonSerializer.Deserialize<Product>(((ReadOnlyMemory<byte>)value).Span)!);
        if (products[^1].Id != ids[^1])
        {
            throw new InvalidOperationException("The answer is of another page.");
        }
    }

    public override ValueTask DisposeAsync() => _multiplexer.DisposeAsync();
}
