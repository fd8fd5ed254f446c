using HybridStore.Journaling.Watching;
using Npgsql;
using StackExchange.Redis;

namespace HybridStore.Registration;

/// <summary>What was said about one store at registration. Filled by the builder, read when the store is made.</summary>
internal sealed class StoreRegistration(object? key)
{
    /// <summary>The service key, or null for the store without one.</summary>
    public object? Key { get; } = key;

    /// <summary>The name of the options: the key's text.</summary>
    public string OptionsName { get; } = key?.ToString() ?? string.Empty;

    public Func<IServiceProvider, NpgsqlDataSource>? DataSource { get; set; }

    public Func<IServiceProvider, NpgsqlDataSource>? Standby { get; set; }

    public Func<IServiceProvider, IConnectionMultiplexer>? Multiplexer { get; set; }

    public Func<IServiceProvider, IHybridStoreSerializer> Serializer { get; set; } = static _ => new JsonHybridStoreSerializer();

    public List<WatchedTable> Watched { get; } = [];
}
