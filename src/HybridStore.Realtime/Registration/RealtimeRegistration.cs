using HybridStore.Registration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace HybridStore.Realtime.Registration;

/// <summary>Registers services beside a store, under the store's key where it has one.</summary>
internal static class RealtimeRegistration
{
    /// <summary>Registers a service once, with options that are validated at start-up.</summary>
    /// <typeparam name="TService">What the application asks for.</typeparam>
    /// <typeparam name="TImplementation">What it gets.</typeparam>
    /// <typeparam name="TOptions">Its settings, named as the store's.</typeparam>
    /// <param name="builder">The store's builder.</param>
    /// <param name="configure">Sets the options. Called again, it adds to what was said before.</param>
    /// <param name="create">Makes the service. One that is an <see cref="IRealtimeComponent"/> is started with the host.</param>
    public static void Add<TService, TImplementation, TOptions>(
        IHybridStoreBuilder builder, Action<TOptions>? configure, Func<RealtimeRoot, TOptions, TImplementation> create)
        where TService : class
        where TImplementation : class, TService
        where TOptions : RealtimeServiceOptions
    {
        var registration = AddRoot(builder);
        AddOptions(builder, configure);
        var (services, key) = (builder.Services, registration.Key);

        // Not whether there is such a service: another's may be there already, as a cache of the framework's own, and ours takes its place.
        if (services.Any(service => service.ServiceType == typeof(TImplementation) && Equals(service.ServiceKey, key)))
        {
            return;
        }

        AddSingleton(services, key, provider => create(RootOf(provider, key), OptionsOf<TOptions>(provider, registration)));
        if (typeof(TService) != typeof(TImplementation))
        {
            AddSingleton<TService>(services, key, provider => Get<TImplementation>(provider, key));
        }

        if (typeof(IRealtimeComponent).IsAssignableFrom(typeof(TImplementation)))
        {
            AddComponent(builder, provider => (IRealtimeComponent)Get<TImplementation>(provider, key));
        }
    }

    /// <summary>Has something started and stopped with the host.</summary>
    public static void AddComponent(IHybridStoreBuilder builder, Func<IServiceProvider, IRealtimeComponent> component)
    {
        var key = AddRoot(builder).Key;
        builder.Services.AddSingleton(new ComponentRegistration(key, component));
    }

    public static void AddOptions<TOptions>(IHybridStoreBuilder builder, Action<TOptions>? configure)
        where TOptions : RealtimeServiceOptions
    {
        var options = builder.Services.AddOptions<TOptions>(RegistrationOf(builder).OptionsName);
        if (configure is not null)
        {
            options.Configure(configure);
        }

        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<TOptions>, RealtimeOptionsValidator<TOptions>>());
        options.ValidateOnStart();
    }

    public static RealtimeRoot RootOf(IServiceProvider provider, object? key) => Get<RealtimeRoot>(provider, key);

    public static TOptions OptionsOf<TOptions>(IServiceProvider provider, StoreRegistration registration) =>
        provider.GetRequiredService<IOptionsMonitor<TOptions>>().Get(registration.OptionsName);

    public static T Get<T>(IServiceProvider provider, object? key)
        where T : class =>
        key is null ? provider.GetRequiredService<T>() : provider.GetRequiredKeyedService<T>(key);

    /// <summary>As <see cref="Get"/>; null where nobody has registered it.</summary>
    public static T? Find<T>(IServiceProvider provider, object? key)
        where T : class =>
        key is null ? provider.GetService<T>() : provider.GetKeyedService<T>(key);

    public static void AddSingleton<T>(IServiceCollection services, object? key, Func<IServiceProvider, T> create)
        where T : class
    {
        if (key is null)
        {
            services.AddSingleton(create);
        }
        else
        {
            services.AddKeyedSingleton(key, (provider, _) => create(provider));
        }
    }

    /// <summary>What is there once for each store that has any service.</summary>
    public static StoreRegistration AddRoot(IHybridStoreBuilder builder)
    {
        var registration = RegistrationOf(builder);
        var (services, key) = (builder.Services, registration.Key);
        if (services.Any(service => service.ServiceType == typeof(RealtimeRoot) && Equals(service.ServiceKey, key)))
        {
            return registration;
        }

        AddSingleton(services, key, provider => new RealtimeRoot(provider, registration));
        AddSingleton(services, key, provider => RootOf(provider, key).Schema);
        var options = services.AddOptions<RealtimeOptions>(registration.OptionsName);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<RealtimeOptions>, SharedOptionsValidator>());
        options.ValidateOnStart();
        services.AddSingleton<IHostedService>(provider => new RealtimeStarter(
            () => RootOf(provider, key),
            () => provider.GetServices<ComponentRegistration>()
                .Where(component => Equals(component.Key, key))
                .Select(component => component.Create(provider))));
        return registration;
    }

    private static StoreRegistration RegistrationOf(IHybridStoreBuilder builder) => builder is HybridStoreBuilder own
        ? own.Registration
        : throw new ArgumentException("The builder must be the one that AddHybridStore has returned.", nameof(builder));

    private sealed record ComponentRegistration(object? Key, Func<IServiceProvider, IRealtimeComponent> Create);

    private sealed class SharedOptionsValidator : IValidateOptions<RealtimeOptions>
    {
        public ValidateOptionsResult Validate(string? name, RealtimeOptions options)
        {
            var errors = options.Errors().Select(error => $"HybridStore realtime: {error}").ToList();
            return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
        }
    }
}
