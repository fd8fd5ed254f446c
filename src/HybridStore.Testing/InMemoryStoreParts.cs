using System.Diagnostics.Metrics;
using HybridStore.Registration;
using HybridStore.Serialization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;

namespace HybridStore.Testing;

/// <summary>What a store in memory is made of, from a test's own hands or from an application's services.</summary>
internal sealed record InMemoryStoreParts(
    HybridStoreOptions Options,
    NpgsqlDataSource? DataSource,
    SerializerRegistry Serializers,
    TimeProvider TimeProvider,
    IMeterFactory Meters,
    ILogger Logger,
    IServiceScopeFactory? Scopes = null)
{
    public static InMemoryStoreParts Of(InMemoryHybridStoreOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(options.TimeProvider, nameof(options) + "." + nameof(options.TimeProvider));
        ArgumentNullException.ThrowIfNull(options.Serializer, nameof(options) + "." + nameof(options.Serializer));
        var settings = new HybridStoreOptions();
        options.Configure?.Invoke(settings);
        if (new HybridStoreOptionsValidator().Validate(null, settings) is { Failed: true } refusal)
        {
            throw new OptionsValidationException(string.Empty, typeof(HybridStoreOptions), refusal.Failures);
        }

        return new InMemoryStoreParts(
            settings,
            options.DataSource,
            new SerializerRegistry(options.Serializer),
            options.TimeProvider,
            SharedMeter.Instance,
            NullLogger.Instance);
    }

    public static InMemoryStoreParts Of(
        IServiceProvider services, object? key, Func<IServiceProvider, NpgsqlDataSource>? dataSource)
    {
        var registration = key is null ? services.GetService<StoreRegistration>() : services.GetKeyedService<StoreRegistration>(key);
        registration ??= new StoreRegistration(key);
        return new InMemoryStoreParts(
            services.GetRequiredService<IOptionsMonitor<HybridStoreOptions>>().Get(registration.OptionsName),
            dataSource is null
                ? null
                : dataSource(services) ?? throw new InvalidOperationException(
                    "The function given to AddInMemoryHybridStore returned null: let it return the test's NpgsqlDataSource."),
            new SerializerRegistry(registration.Serializer(services), services),
            services.GetService<TimeProvider>() ?? TimeProvider.System,
            services.GetService<IMeterFactory>() ?? SharedMeter.Instance,
            services.GetService<ILoggerFactory>()?.CreateLogger("HybridStore") ?? NullLogger.Instance,
            services.GetService<IServiceScopeFactory>());
    }

    /// <summary>A meter is never forgotten by the process: one is enough for all stores of its tests.</summary>
    private sealed class SharedMeter : IMeterFactory
    {
        public static readonly SharedMeter Instance = new();

        private readonly Meter _meter = new(HybridStoreTelemetry.MeterName);

        public Meter Create(MeterOptions options) => _meter;

        public void Dispose()
        {
        }
    }
}
