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

    public override ValueTask DisposeAsync() => _multiplexer.DisposeAsync();
}
