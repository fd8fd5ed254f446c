using System.Diagnostics.Metrics;
using HybridStore.Diagnostics;
using HybridStore.Realtime.Diagnostics;
using HybridStore.Realtime.Redis;
using HybridStore.Registration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace HybridStore.Realtime.Registration;

/// <summary>What the services of one store share: their ways to Redis and PostgreSQL, and what they measure and log with.</summary>
internal sealed class RealtimeRoot : IAsyncDisposable, IDisposable
{
    private readonly StoreRoot _root;

    public RealtimeRoot(IServiceProvider services, StoreRegistration registration)
    {
        var root = registration.Key is null
            ? services.GetRequiredService<StoreRoot>()
            : services.GetRequiredKeyedService<StoreRoot>(registration.Key);
        var storeName = registration.Key is null ? PolicyMeter.DefaultName : registration.OptionsName;
        _root = root;
        Services = services;
        TimeProvider = root.TimeProvider;
        Logger = root.Logger;
        Metrics = new RealtimeMetrics(services.GetService<IMeterFactory>(), storeName, TimeProvider);
        Links = new RedisLinks(services, root, registration, Metrics);
        Options = services.GetRequiredService<IOptionsMonitor<RealtimeOptions>>().Get(registration.OptionsName);
        Schema = new RealtimeSchema(Options.Schema, () => DataSource);
    }

    public IServiceProvider Services { get; }

    public TimeProvider TimeProvider { get; }

    public ILogger Logger { get; }

    public RealtimeMetrics Metrics { get; }

    public RedisLinks Links { get; }

    public RealtimeOptions Options { get; }

    public RealtimeSchema Schema { get; }

    /// <summary>The store's own, never disposed here.</summary>
    public NpgsqlDataSource DataSource => _root.Postgres.DataSource;

    /// <summary>For containers that are disposed synchronously.</summary>
    public void Dispose() => _ = DisposeAsync().AsTask();

    public ValueTask DisposeAsync() => Links.DisposeAsync();
}
