using HybridStore.Registration;
using HybridStore.Tests.Redis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Testing;
using Npgsql;
using StackExchange.Redis;

namespace HybridStore.Tests.Registration;

/// <summary>Stores in real hosts, while both servers are away.</summary>
public class HostLifetimeTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_application_starts_serves_and_stops_while_PostgreSQL_and_Redis_are_away()
    {
        var builder = ApplicationUnderTest.Create();
        builder.Services.AddHybridStore(options =>
        {
            options.PostgresConnectionString = ApplicationUnderTest.NoPostgres;
            options.RedisConnectionString = ApplicationUnderTest.NoRedis;
        });
        using var host = builder.Build();

        await host.StartAsync(Cancellation);
        var store = host.Services.GetRequiredService<IHybridStore>();

        Assert.Equal(42, await store.GetAsync("key", _ => Task.FromResult(42), cancellationToken: Cancellation));
        Assert.Equal(InvalidationStatus.Pending, (await store.InvalidateKeyAsync("key", Cancellation)).Status);
        await host.StopAsync(Cancellation);
        Assert.DoesNotContain(
            host.Services.GetRequiredService<FakeLogCollector>().GetSnapshot(),
            message => message.ToString().Contains("s3cret", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_Redis_factory_of_the_applications_that_throws_does_not_keep_it_from_starting()
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var builder = ApplicationUnderTest.Create();
        builder.Services.AddSingleton<IConnectionMultiplexer>(_ =>
        {
            asked.TrySetResult();
            throw new RedisConnectionException(ConnectionFailureType.UnableToConnect, CommandFlags.None, "It was not possible to connect.");
        });
        builder.Services.AddHybridStore(options => options.PostgresConnectionString = ApplicationUnderTest.NoPostgres);
        using var host = builder.Build();

        await host.StartAsync(Cancellation);

        await asked.Task.WaitAsync(Cancellation);
        var store = host.Services.GetRequiredService<IHybridStore>();
        Assert.Equal(42, await store.GetAsync("key", _ => Task.FromResult(42), cancellationToken: Cancellation));
        await host.StopAsync(Cancellation);
    }

    [Fact]
    public async Task A_Redis_factory_of_the_applications_that_hangs_does_not_keep_it_from_starting_or_stopping()
    {
        using var hangs = new ManualResetEventSlim();
        var builder = ApplicationUnderTest.Create();
        builder.Services.AddHybridStore(options => options.PostgresConnectionString = ApplicationUnderTest.NoPostgres).UseRedis(_ =>
        {
            hangs.Wait(Cancellation);
            throw new InvalidOperationException("at last");
        });
        var host = builder.Build();

        await host.StartAsync(Cancellation);
        var store = host.Services.GetRequiredService<IHybridStore>();
        Assert.Equal(42, await store.GetAsync("key", _ => Task.FromResult(42), cancellationToken: Cancellation));
        await host.StopAsync(Cancellation);
        host.Dispose();
        hangs.Set();
    }

    [Fact]
    public async Task A_key_gives_a_store_a_start_of_its_own()
    {
        var builder = ApplicationUnderTest.Create();
        var redis = new ScriptedRedis();
        builder.Services.AddSingleton(redis.Multiplexer);
        foreach (var key in (string[])["orders", "users"])
        {
            builder.Services.AddKeyedHybridStore(
                key, options => options.PostgresConnectionString = ApplicationUnderTest.NoPostgres);
        }

        using var host = builder.Build();
        await host.StartAsync(Cancellation);

        foreach (var key in (string[])["orders", "users"])
        {
            var root = host.Services.GetRequiredKeyedService<StoreRoot>(key);
            await root.Redis!.Ready.WaitAsync(Cancellation);
            Assert.StartsWith($"hs-{key}:{{", (string)root.Redis.Session!.Layout.State(0)!, StringComparison.Ordinal);
        }

        await host.StopAsync(Cancellation);
    }

    [Fact]
    public async Task What_the_application_has_registered_outlives_the_store()
    {
        await using var dataSource = NpgsqlDataSource.Create(ApplicationUnderTest.NoPostgres);
        var redis = new ScriptedRedis();
        var builder = ApplicationUnderTest.Create();
        builder.Services.AddSingleton(dataSource);
        builder.Services.AddSingleton(redis.Multiplexer);
        builder.Services.AddHybridStore();
        var host = builder.Build();
        await host.StartAsync(Cancellation);
        await host.Services.GetRequiredService<StoreRoot>().Redis!.Ready.WaitAsync(Cancellation);

        await host.StopAsync(Cancellation);
        host.Dispose();

        Assert.False(redis.IsDisposed);
        Assert.False(redis.HasListeners);

        // Refused by the port, not by a disposed data source.
        await Assert.ThrowsAsync<NpgsqlException>(() => dataSource.OpenConnectionAsync(Cancellation).AsTask());
    }

    [Fact]
    public async Task What_comes_from_a_connection_string_ends_with_the_store()
    {
        var services = new ServiceCollection();
        services.AddHybridStore(options =>
        {
            options.PostgresConnectionString = ApplicationUnderTest.NoPostgres;
            options.Mode = HybridStoreMode.PassThrough;
        });
        var provider = services.BuildServiceProvider();
        var store = provider.GetRequiredService<IHybridStore>();
        Task<int> ReadAsync() => store.GetAsync<int>("key", "select 1", cancellationToken: Cancellation).AsTask();
        await Assert.ThrowsAsync<NpgsqlException>(ReadAsync);

        await provider.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(ReadAsync);
    }
}
