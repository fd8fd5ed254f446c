using HybridStore;
using Npgsql;
using StackExchange.Redis;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>What <c>AddHybridStore</c> returns: the place to say more about one store. Not thread-safe; used while services are
/// registered.</summary>
public interface IHybridStoreBuilder
{
    /// <summary>The application's services.</summary>
    IServiceCollection Services { get; }

    /// <summary>The name of the store's <see cref="HybridStoreOptions"/>: empty for the store without a key.</summary>
    string OptionsName { get; }

    /// <summary>Takes PostgreSQL connections from this data source, which the store never disposes.</summary>
    /// <param name="dataSource">Finds it among the services.</param>
    IHybridStoreBuilder UsePostgres(Func<IServiceProvider, NpgsqlDataSource> dataSource);

    /// <summary>Takes connections for loads to a standby from this data source, which the store never disposes: see
    /// <see cref="HybridStoreOptions.StandbyConnectionString"/>.</summary>
    /// <param name="dataSource">Finds it among the services.</param>
    IHybridStoreBuilder UseStandby(Func<IServiceProvider, NpgsqlDataSource> dataSource);

    /// <summary>Uses this Redis client, which the store never disposes.</summary>
    /// <param name="multiplexer">Finds it among the services. It is called in the background, and again after a while if it throws:
    /// the application starts while Redis is away.</param>
    IHybridStoreBuilder UseRedis(Func<IServiceProvider, IConnectionMultiplexer> multiplexer);

    /// <summary>Serializes values with this serializer instead of System.Text.Json.</summary>
    /// <param name="serializer">Finds it among the services.</param>
    IHybridStoreBuilder UseSerializer(Func<IServiceProvider, IHybridStoreSerializer> serializer);

    /// <summary>Adds a named policy, or replaces the one of that name. Use it as <c>EntryOptions.Policy(name)</c>.</summary>
    /// <param name="name">Not empty; case-insensitive.</param>
    /// <param name="options">How entries that follow the policy are stored.</param>
    /// <exception cref="ArgumentException">The name is empty, or the options name a policy themselves.</exception>
    IHybridStoreBuilder AddPolicy(string name, EntryOptions options);

    /// <summary>Has PostgreSQL itself tell the cache what any statement changes in this table, also those that bypass the application: by
    /// triggers, which <see cref="HybridStoreSchema"/> installs. Sets <see cref="JournalOptions.Enabled"/>.</summary>
    /// <param name="table">An ordinary or partitioned table, written as in SQL: <c>users</c>, <c>crm.users</c>, <c>public."User"</c>. Without a
    /// schema it is looked for on the <c>search_path</c>.</param>
    /// <param name="configure">Says which keys and tags a row concerns: at least one.</param>
    /// <exception cref="ArgumentException">The table is not written as in SQL, nothing was configured for it, or something that is not
    /// possible; or it is watched already.</exception>
    IHybridStoreBuilder Watch(string table, Action<WatchedTableBuilder> configure);

    /// <summary>Fills the cache when the application starts, and again when the cache is empty once more; see
    /// <see cref="WarmupOptions"/>.</summary>
    /// <typeparam name="TWarmup">Made anew for each run in a DI scope of its own.</typeparam>
    /// <param name="configure">Says when it runs.</param>
    /// <exception cref="ArgumentException">A setting is not in its range, or the warm-up would never run.</exception>
    IHybridStoreBuilder AddWarmup<TWarmup>(Action<WarmupOptions>? configure = null)
        where TWarmup : class, ICacheWarmup;
}
