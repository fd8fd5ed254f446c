using HybridStore.Journaling.Watching;
using HybridStore.Keys;
using HybridStore.Reading.Warming;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;
using StackExchange.Redis;

namespace HybridStore.Registration;

internal sealed class HybridStoreBuilder(IServiceCollection services, StoreRegistration registration) : IHybridStoreBuilder
{
    public IServiceCollection Services { get; } = services;

    public string OptionsName => registration.OptionsName;

    /// <summary>For companions, which register beside the store under its key.</summary>
    internal StoreRegistration Registration => registration;

    public IHybridStoreBuilder UsePostgres(Func<IServiceProvider, NpgsqlDataSource> dataSource)
    {
        ArgumentNullException.ThrowIfNull(dataSource);
        registration.DataSource = dataSource;
        return this;
    }

    public IHybridStoreBuilder UseStandby(Func<IServiceProvider, NpgsqlDataSource> dataSource)
    {
        ArgumentNullException.ThrowIfNull(dataSource);
        registration.Standby = dataSource;
        return this;
    }

    public IHybridStoreBuilder UseRedis(Func<IServiceProvider, IConnectionMultiplexer> multiplexer)
    {
        ArgumentNullException.ThrowIfNull(multiplexer);
        registration.Multiplexer = multiplexer;
        return this;
    }

    public IHybridStoreBuilder UseSerializer(Func<IServiceProvider, IHybridStoreSerializer> serializer)
    {
        ArgumentNullException.ThrowIfNull(serializer);
        registration.Serializer = serializer;
        return this;
    }

    public IHybridStoreBuilder AddPolicy(string name, EntryOptions options)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(options);
        if (options.PolicyName is not null)
        {
            throw new ArgumentException(
                $"The policy {Excerpt.Of(name)} names another policy; policies inherit from Defaults only, so repeat the settings.",
                nameof(options));
        }

        // A copy each time: binding configuration writes into the instances that it finds, and this one may be a static field.
        Services.Configure<HybridStoreOptions>(OptionsName, store => store.Policies[name] = options with { });
        return this;
    }

    public IHybridStoreBuilder Watch(string table, Action<WatchedTableBuilder> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        var name = TableName.Parse(table);
        if (registration.Watched.Exists(watched => watched.Name == name))
        {
            throw new ArgumentException($"The table {table} is watched already: name all its keys and tags in one call.", nameof(table));
        }

        var builder = new WatchedTableBuilder(name);
        configure(builder);
        registration.Watched.Add(builder.Build());
        Services.Configure<HybridStoreOptions>(OptionsName, static store => store.Journal.Enabled = true);
        return this;
    }

    public IHybridStoreBuilder AddWarmup<TWarmup>(Action<WarmupOptions>? configure = null)
        where TWarmup : class, ICacheWarmup
    {
        var options = new WarmupOptions();
        configure?.Invoke(options);
        options.ThrowIfInvalid();
        var key = registration.Key;
        Services.AddSingleton<IHostedService>(provider => new WarmupService<TWarmup>(
            provider,
            () => key is null ? provider.GetService<StoreRoot>() : provider.GetKeyedService<StoreRoot>(key),
            options));
        return this;
    }
}
