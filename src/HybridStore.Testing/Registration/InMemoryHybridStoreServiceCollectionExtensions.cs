using HybridStore;
using HybridStore.Registration;
using HybridStore.Testing;
using Npgsql;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Puts stores in memory in the place of an application's stores.</summary>
public static class InMemoryHybridStoreServiceCollectionExtensions
{
    /// <summary>Registers an <see cref="InMemoryHybridStore"/> as <see cref="IHybridStore"/>, in place of what <c>AddHybridStore</c> has
    /// registered; that store is neither made nor started. Policies, defaults, serializers and the <see cref="TimeProvider"/> of the
    /// application are used. Call it after the application has registered its services, as in <c>ConfigureTestServices</c>.</summary>
    /// <param name="services">The application's services.</param>
    /// <param name="dataSource">Finds the database of loads and writes. Left out, there is none, and the test arranges answers on the
    /// <see cref="InMemoryHybridStore"/>, which it takes from the services.</param>
    /// <returns>The services.</returns>
    public static IServiceCollection AddInMemoryHybridStore(
        this IServiceCollection services, Func<IServiceProvider, NpgsqlDataSource>? dataSource = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        Remove(services, null);
        services.AddOptions<HybridStoreOptions>();
        services.AddSingleton(provider => new InMemoryHybridStore(InMemoryStoreParts.Of(provider, null, dataSource)));
        return services.AddSingleton<IHybridStore>(static provider => provider.GetRequiredService<InMemoryHybridStore>());
    }

    /// <summary>The same for a store under a key.</summary>
    /// <param name="services">The application's services.</param>
    /// <param name="key">The key given to <c>AddKeyedHybridStore</c>.</param>
    /// <param name="dataSource">Finds the database of loads and writes; may be left out.</param>
    /// <returns>The services.</returns>
    public static IServiceCollection AddKeyedInMemoryHybridStore(
        this IServiceCollection services, object key, Func<IServiceProvider, NpgsqlDataSource>? dataSource = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(key);
        Remove(services, key);
        services.AddOptions<HybridStoreOptions>();
        services.AddKeyedSingleton(key, (provider, ofKey) => new InMemoryHybridStore(InMemoryStoreParts.Of(provider, ofKey, dataSource)));
        return services.AddKeyedSingleton<IHybridStore>(
            key, static (provider, ofKey) => provider.GetRequiredKeyedService<InMemoryHybridStore>(ofKey));
    }

    private static void Remove(IServiceCollection services, object? key)
    {
        Type[] replaced = [typeof(IHybridStore), typeof(HybridStoreSchema), typeof(StoreRoot), typeof(InMemoryHybridStore)];
        for (var i = services.Count - 1; i >= 0; i--)
        {
            if (replaced.Contains(services[i].ServiceType) && Equals(services[i].ServiceKey, key))
            {
                services.RemoveAt(i);
            }
        }
    }
}
