using System.Text.Json;
using HybridStore.Benchmarks.Contenders;
using Npgsql;
using StackExchange.Redis;

namespace HybridStore.Benchmarks.Figures.Stampedes;

/// <summary>GET, else load and SET: what stampedes are made of.</summary>
internal sealed class UnprotectedColdReader : ColdReader
{
    private readonly NpgsqlDataSource _dataSource;
    private readonly IConnectionMultiplexer _multiplexer;

    private UnprotectedColdReader(NpgsqlDataSource dataSource, IConnectionMultiplexer multiplexer) =>
        (_dataSource, _multiplexer) = (dataSource, multiplexer);

    public static async Task<ColdReader> StartAsync(NpgsqlDataSource dataSource, string redis) =>
        new UnprotectedColdReader(dataSource, await RedisConnections.ConnectAsync(redis));

    public override async ValueTask<ColdItem> ReadAsync(int id)
    {
        var database = _multiplexer.GetDatabase();
        RedisKey key = $"none:{KeyOf(id)}";
        if ((byte[]?)await database.StringGetAsync(key) is { } found)
        {
            return JsonSerializer.Deserialize<ColdItem>(found)!;
        }

        var item = await ColdItemTable.LoadAsync(_dataSource, id, CancellationToken.None);
        await database.StringSetAsync(key, JsonSerializer.SerializeToUtf8Bytes(item), TimeToLive);
        return item;
    }

    public override ValueTask DisposeAsync() => _multiplexer.DisposeAsync();
}
