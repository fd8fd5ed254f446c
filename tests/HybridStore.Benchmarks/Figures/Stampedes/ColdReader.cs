using System.Globalization;
using Npgsql;

namespace HybridStore.Benchmarks.Figures.Stampedes;

/// <summary>One way of reading an item through Redis, set up as its documentation says for several processes.</summary>
internal abstract class ColdReader : IAsyncDisposable
{
    /// <summary>The names in figures, in the order in which they run.</summary>
    public static readonly string[] Names = ["none", "hybridcache", "fusion", "fusion_locked", "ours"];

    protected static readonly TimeSpan TimeToLive = TimeSpan.FromHours(1);

    public abstract ValueTask<ColdItem> ReadAsync(int id);

    public abstract ValueTask DisposeAsync();

    public static async Task<ColdReader> StartAsync(string name, NpgsqlDataSource dataSource, string redis) => name switch
    {
        "none" => await UnprotectedColdReader.StartAsync(dataSource, redis),
        "hybridcache" => await HybridCacheColdReader.StartAsync(dataSource, redis),
        "fusion" => await FusionCacheColdReader.StartAsync(dataSource, redis, isLocked: false),
        "fusion_locked" => await FusionCacheColdReader.StartAsync(dataSource, redis, isLocked: true),
        "ours" => await HybridStoreColdReader.StartAsync(dataSource, redis),
        _ => throw new ArgumentException($"There is no reader {name}; known are {string.Join(", ", Names)}.", nameof(name)),
    };

    protected static string KeyOf(int id) => string.Create(CultureInfo.InvariantCulture, $"item:{id}");
}
