using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using StackExchange.Redis;

namespace HybridStore.Registration;

/// <summary>Where a store's connections come from: what the builder was given, then a connection string, then what the application
/// has registered under the store's key or without one. Only what comes from a connection string is the store's to dispose.</summary>
internal static class ConnectionSources
{
    public static (NpgsqlDataSource DataSource, bool Owned) DataSource(
        IServiceProvider services, StoreRegistration registration, HybridStoreOptions options)
    {
        if (registration.DataSource is { } factory)
        {
            return (
                factory(services) ?? throw new InvalidOperationException(
                    "The function given to UsePostgres returned null: let it return the application's NpgsqlDataSource."),
                false);
        }

        if (options.PostgresConnectionString is { } connectionString)
        {
            return (Create(connectionString, registration), true);
        }

        var registered = Registered<NpgsqlDataSource>(services, registration.Key);
        return registered is not null
            ? (registered, false)
            : throw new InvalidOperationException(
                "HybridStore has no PostgreSQL: set PostgresConnectionString, register an NpgsqlDataSource (AddNpgsqlDataSource), or call "
                + "UsePostgres on the builder.");
    }

    /// <summary>Null where there is no standby: nothing that is registered is taken for one by itself.</summary>
    public static (NpgsqlDataSource? DataSource, bool Owned) Standby(
        IServiceProvider services, StoreRegistration registration, HybridStoreOptions options)
    {
        if (registration.Standby is { } factory)
        {
            return (
                factory(services) ?? throw new InvalidOperationException(
                    "The function given to UseStandby returned null: let it return the application's NpgsqlDataSource of a standby."),
                false);
        }

        return options.StandbyConnectionString is { } connectionString ? (Create(connectionString, registration, " standby"), true) : (null, false);
    }

    /// <summary>Where the journal's listener connects: the store's own data source unless it is told otherwise.</summary>
    public static (NpgsqlDataSource DataSource, bool Owned) Listener(
        StoreRegistration registration, JournalOptions options, NpgsqlDataSource dataSource) =>
        options.ListenerConnectionString is { } connectionString
            ? (Create(connectionString, registration, " listener"), true)
            : (dataSource, false);

    public static (Func<CancellationToken, Task<IConnectionMultiplexer>> Connect, bool Owned) Multiplexer(
        IServiceProvider services, StoreRegistration registration, HybridStoreOptions options)
    {
        if (registration.Multiplexer is { } factory)
        {
            return (_ => Task.FromResult(factory(services)), false);
        }

        if (options.RedisConnectionString is { } connectionString)
        {
            return (async token => await ConnectAsync(connectionString, options.RedisTimeout, token).ConfigureAwait(false), true);
        }

        // Only looked up here: an application's factory may connect synchronously, so it is called in the background.
        return IsRegistered<IConnectionMultiplexer>(services, registration.Key)
            ? (_ => Task.FromResult(Registered<IConnectionMultiplexer>(services, registration.Key)!), false)
            : throw new InvalidOperationException(
                "HybridStore has no Redis: set RedisConnectionString, register an IConnectionMultiplexer, call UseRedis on the builder, "
                + "or set Mode to PassThrough to run without Redis.");
    }

    /// <summary>The name is what tells its pool from others in the client's own metrics.</summary>
    private static NpgsqlDataSource Create(string connectionString, StoreRegistration registration, string purpose = "") =>
        new NpgsqlDataSourceBuilder(connectionString)
        {
            Name = (registration.Key is null ? "HybridStore" : $"HybridStore.{registration.OptionsName}") + purpose,
        }.Build();

    private static async Task<IConnectionMultiplexer> ConnectAsync(
        string connectionString, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var configuration = ConfigurationOptions.Parse(connectionString);

        // Connecting goes on in the background for as long as it takes, and a command fails at once while there is no connection:
        // the time-out of each call is the store's.
        configuration.AbortOnConnectFail = false;
        configuration.BacklogPolicy = BacklogPolicy.FailFast;
        configuration.ClientName ??= "HybridStore";

        // Of blocking calls the time-out is the client's, which would take it for others as well.
        var ofOthers = configuration.AsyncTimeout;
        configuration.SyncTimeout = (int)timeout.TotalMilliseconds;
        configuration.AsyncTimeout = ofOthers;
        var connecting = ConnectionMultiplexer.ConnectAsync(configuration);
        try
        {
            return await connecting.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The client cannot be told to stop, and a client that nobody has keeps trying to connect for ever.
            _ = DisposeOnceMadeAsync(connecting);
            throw;
        }
    }

    private static async Task DisposeOnceMadeAsync(Task<ConnectionMultiplexer> connecting)
    {
        await ((Task)connecting).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (connecting.IsCompletedSuccessfully)
        {
            var made = await connecting.ConfigureAwait(false);
            await made.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static T? Registered<T>(IServiceProvider services, object? key)
        where T : class =>
        (key is null ? null : services.GetKeyedService<T>(key)) ?? services.GetService<T>();

    private static bool IsRegistered<T>(IServiceProvider services, object? key)
        where T : class
    {
        // A container that cannot tell is asked when the time comes.
        if (services.GetService<IServiceProviderIsService>() is not { } known)
        {
            return true;
        }

        return known.IsService(typeof(T))
            || (key is not null && known is IServiceProviderIsKeyedService keyed && keyed.IsKeyedService(typeof(T), key));
    }
}
