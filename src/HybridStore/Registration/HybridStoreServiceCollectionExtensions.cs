using HybridStore;
using HybridStore.Registration;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers stores.</summary>
public static class HybridStoreServiceCollectionExtensions
{
    /// <summary>Registers <see cref="IHybridStore"/> as a singleton. Settings that are not given here can be bound from
    /// configuration; connections that are not named come from the application's own <c>NpgsqlDataSource</c> and
    /// <c>IConnectionMultiplexer</c>.</summary>
    /// <remarks>Redis is connected in the background when the host starts (without a host: at first use) and counts as down until
    /// then.</remarks>
    /// <param name="services">The application's services.</param>
    /// <param name="configure">Sets the store's options.</param>
    /// <returns>A builder for what else there is to say.</returns>
    public static IHybridStoreBuilder AddHybridStore(
        this IServiceCollection services, Action<HybridStoreOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        return Add(services, null, configure, null);
    }

    /// <summary>As <see cref="AddHybridStore(IServiceCollection, Action{HybridStoreOptions})"/>, with the options bound from
    /// configuration.</summary>
    /// <param name="services">The application's services.</param>
    /// <param name="configuration">The section with the store's options, for example
    /// <c>configuration.GetSection("HybridStore")</c>.</param>
    /// <returns>A builder for what else there is to say.</returns>
    public static IHybridStoreBuilder AddHybridStore(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configuration);
        return Add(services, null, null, configuration);
    }

    /// <summary>Registers a further store under a key; take it with <c>[FromKeyedServices("orders")] IHybridStore</c>.</summary>
    /// <param name="services">The application's services.</param>
    /// <param name="key">The service key; also the name of the options. Keys must differ in their text.</param>
    /// <param name="configure">Sets the store's options. Stores that share a Redis server need different prefixes; the default prefix
    /// is then <c>hs-</c> and the key.</param>
    /// <returns>A builder for what else there is to say.</returns>
    public static IHybridStoreBuilder AddKeyedHybridStore(
        this IServiceCollection services, object key, Action<HybridStoreOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(key);
        return Add(services, key, configure, null);
    }

    /// <inheritdoc cref="AddKeyedHybridStore(IServiceCollection, object, Action{HybridStoreOptions})"/>
    /// <param name="services">The application's services.</param>
    /// <param name="key">The service key; also the name of the options.</param>
    /// <param name="configuration">The section with the store's options.</param>
    public static IHybridStoreBuilder AddKeyedHybridStore(
        this IServiceCollection services, object key, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(configuration);
        return Add(services, key, null, configuration);
    }

    /// <summary>Registers a store for a process that applies the journal to Redis and does nothing else, such as a worker beside an application
    /// whose own processes do not (<see cref="JournalOptions.RunListener"/>). As many may run as one likes: one leads, the others take over when
    /// it is gone. It holds one direct connection to the primary.</summary>
    /// <remarks>Connections and <see cref="HybridStoreOptions.KeyPrefix"/> must be those of the application. It is
    /// <see cref="AddHybridStore(IServiceCollection, Action{HybridStoreOptions})"/> with the journal turned on.</remarks>
    /// <param name="services">The worker's services.</param>
    /// <param name="configure">Sets the store's options.</param>
    /// <returns>A builder for what else there is to say.</returns>
    public static IHybridStoreBuilder AddHybridStoreListener(
        this IServiceCollection services, Action<HybridStoreOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        return Add(services, null, options => ListenTo(options, configure), null);
    }

    /// <inheritdoc cref="AddHybridStoreListener(IServiceCollection, Action{HybridStoreOptions})"/>
    /// <param name="services">The worker's services.</param>
    /// <param name="configuration">The section with the store's options.</param>
    public static IHybridStoreBuilder AddHybridStoreListener(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configuration);
        return Add(services, null, options => ListenTo(options, null), configuration);
    }

    private static void ListenTo(HybridStoreOptions options, Action<HybridStoreOptions>? configure)
    {
        configure?.Invoke(options);
        options.Journal.Enabled = true;
        options.Journal.RunListener = true;
    }

    private static HybridStoreBuilder Add(
        IServiceCollection services, object? key, Action<HybridStoreOptions>? configure, IConfiguration? configuration)
    {
        if (key is not null && string.IsNullOrWhiteSpace(key.ToString()))
        {
            throw new ArgumentException("The key of a store must have a text, which names its options: use one such as \"orders\".", nameof(key));
        }

        // By their text, which is also the name of the options.
        if (services.Any(service => service.ServiceType == typeof(IHybridStore) && service.ServiceKey?.ToString() == key?.ToString()))
        {
            throw new InvalidOperationException(
                key is null
                    ? "AddHybridStore has been called before; use AddKeyedHybridStore for a further store."
                    : $"A store with the key {key} has been added before; use another key for a further store.");
        }

        var registration = new StoreRegistration(key);
        var options = services.AddOptions<HybridStoreOptions>(registration.OptionsName);
        if (key is not null)
        {
            options.Configure(store => store.KeyPrefix = $"hs-{registration.OptionsName}");
        }

        if (configuration is not null)
        {
            options.Configure(store => OptionsBinding.Bind(configuration, store));
        }

        if (configure is not null)
        {
            options.Configure(configure);
        }

        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<HybridStoreOptions>, HybridStoreOptionsValidator>());
        options.ValidateOnStart();

        if (key is null)
        {
            services.AddSingleton(registration);
            services.AddSingleton(provider => new StoreRoot(provider, registration));
            services.AddSingleton<IHybridStore>(static provider => provider.GetRequiredService<StoreRoot>().Store);
            services.AddSingleton(static provider => provider.GetRequiredService<StoreRoot>().Schema);
            services.AddSingleton(static provider => provider.GetRequiredService<StoreRoot>().Report.Begin());
            services.AddSingleton<IHostedService>(
                static provider => new StoreStarter(provider.GetService<StoreRoot>));
        }
        else
        {
            services.AddKeyedSingleton(key, registration);
            services.AddKeyedSingleton(key, (provider, _) => new StoreRoot(provider, registration));
            services.AddKeyedSingleton<IHybridStore>(
                key, static (provider, ofKey) => provider.GetRequiredKeyedService<StoreRoot>(ofKey).Store);
            services.AddKeyedSingleton(
                key, static (provider, ofKey) => provider.GetRequiredKeyedService<StoreRoot>(ofKey).Schema);
            services.AddKeyedSingleton(
                key, static (provider, ofKey) => provider.GetRequiredKeyedService<StoreRoot>(ofKey).Report.Begin());
            services.AddSingleton<IHostedService>(
                provider => new StoreStarter(() => provider.GetKeyedService<StoreRoot>(key)));
        }

        return new HybridStoreBuilder(services, registration);
    }
}
