using HybridStore.IntegrationTests.Reading;
using HybridStore.IntegrationTests.Resilience;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using StackExchange.Redis;

namespace HybridStore.IntegrationTests.Hosting;

/// <summary>An application starts and serves while Redis is away, and the cache comes alive when Redis does.</summary>
public sealed class RedisAwayAtStartTests(ServersFixture servers)
{
    // Ends a test in which something waits for a server that will not answer; far above what anything here takes.
    private static readonly TimeSpan Generous = TimeSpan.FromSeconds(10);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_store_with_a_connection_of_its_own_serves_without_redis_and_finds_it_later()
    {
        await using var link = RedisLink.To(servers.Redis, connected: false);
        await using var host = await StartAsync(options => options.RedisConnectionString = link.ConnectionString);

        await AssertServesWithoutCacheAsync(host);
        var receipt = await WriteAsync(host);
        Assert.Equal(InvalidationStatus.Pending, receipt.Status);

        link.Connect();

        await AssertCachesAsync(host);
        await receipt.WhenApplied(Cancellation);
        Assert.Equal(InvalidationStatus.Applied, receipt.Status);
    }

    [Fact]
    public async Task An_applications_own_multiplexer_with_its_backlog_delays_no_read_and_comes_alive()
    {
        await using var link = RedisLink.To(servers.Redis, connected: false);
        var created = 0;
        await using var host = await StartAsync(
            options =>
            {
                options.RedisConnectionString = null;
                options.RedisTimeout = TimeSpan.FromMilliseconds(200);
            },
            services => services.AddSingleton<IConnectionMultiplexer>(_ =>
            {
                created++;
                return ConnectionMultiplexer.Connect(link.ConnectionString + ",abortConnect=false");
            }));

        await AssertServesWithoutCacheAsync(host);
        link.Connect();

        await AssertCachesAsync(host);
        Assert.Equal(1, created);
        Assert.Same(host.Services.GetRequiredService<IConnectionMultiplexer>(), host.Root.Redis!.Session!.Multiplexer);
    }

    [Fact]
    public async Task A_factory_of_the_application_that_throws_at_first_is_called_again()
    {
        var calls = 0;
        await using var host = await StartAsync(
            options => options.RedisConnectionString = null,
            services => services.AddSingleton<IConnectionMultiplexer>(_ => Interlocked.Increment(ref calls) <= 2
                ? throw new InvalidOperationException("Not yet.")
                : ConnectionMultiplexer.Connect(servers.Redis.ConnectionString)));

        await AssertCachesAsync(host);
        Assert.Equal(3, calls);
    }

    [Fact]
    public async Task A_factory_that_blocks_holds_up_neither_the_start_nor_reads()
    {
        using var gate = new ManualResetEventSlim();
        using var entered = new ManualResetEventSlim();
        await using var host = await StartAsync(
            options => options.RedisConnectionString = null,
            services => services.AddSingleton<IConnectionMultiplexer>(_ =>
            {
                entered.Set();
                gate.Wait(TimeSpan.FromMinutes(1));
                return ConnectionMultiplexer.Connect(servers.Redis.ConnectionString);
            }));
        Assert.True(entered.Wait(Generous, Cancellation));

        await AssertServesWithoutCacheAsync(host);
        Assert.Null(host.Root.Redis!.Session);
        gate.Set();

        await AssertCachesAsync(host);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_port_that_accepts_and_never_answers_holds_up_neither_the_start_nor_reads_nor_writes(bool ownMultiplexer)
    {
        await using var link = RedisLink.To(servers.Redis);
        link.Proxy.Stall();
        await using var host = await StartAsync(
            options => options.RedisConnectionString = ownMultiplexer ? null : link.ConnectionString,
            ownMultiplexer
                ? services => services.AddSingleton<IConnectionMultiplexer>(
                    _ => ConnectionMultiplexer.Connect(link.ConnectionString + ",abortConnect=false"))
                : null).WaitAsync(Generous, Cancellation);
        await Eventually.HappensAsync(() => link.Proxy.Connections > 0, "the store tries to connect");

        // All of this while no byte passes.
        await AssertServesWithoutCacheAsync(host).WaitAsync(Generous, Cancellation);
        var receipt = await WriteAsync(host).WaitAsync(Generous, Cancellation);
        Assert.Equal(InvalidationStatus.Pending, receipt.Status);
        Assert.Equal(0, link.Proxy.BytesUpstream);

        link.Proxy.Restore();

        await AssertCachesAsync(host);
        await receipt.WhenApplied(Cancellation);
    }

    [Fact]
    public async Task A_host_starts_and_stops_while_redis_is_away()
    {
        await using var link = RedisLink.To(servers.Redis, connected: false);
        var database = await servers.Postgres.CreateDatabaseAsync(Cancellation);
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddHybridStore(options =>
        {
            options.PostgresConnectionString = database;
            options.RedisConnectionString = link.ConnectionString;
        });
        using var application = builder.Build();

        await application.StartAsync(Cancellation).WaitAsync(Generous, Cancellation);
        var store = application.Services.GetRequiredService<IHybridStore>();
        Assert.Equal(42, await store.GetAsync<int>("answer", "select 42", cancellationToken: Cancellation));
        await application.StopAsync(Cancellation).WaitAsync(Generous, Cancellation);
    }

    [Fact]
    public async Task A_store_disposed_while_redis_is_silent_leaves_no_connection_behind()
    {
        await using var link = RedisLink.To(servers.Redis);
        link.Proxy.Stall();
        var host = await StartAsync(options => options.RedisConnectionString = link.ConnectionString);
        await Eventually.HappensAsync(() => link.Proxy.OpenConnections > 0, "the store tries to connect");

        await host.DisposeAsync().AsTask().WaitAsync(Generous, Cancellation);

        link.Proxy.Restore();
        await Eventually.HappensAsync(() => link.Proxy.OpenConnections == 0, "the connections are closed");
    }

    [Fact]
    public async Task A_store_disposed_while_redis_is_away_stops_connecting()
    {
        await using var link = RedisLink.To(servers.Redis, connected: false);
        var host = await StartAsync(options => options.RedisConnectionString = link.ConnectionString);
        await AssertServesWithoutCacheAsync(host);
        await Eventually.HappensAsync(() => host.Logs.GetSnapshot().Any(log => log.Id.Id == 1001), "the store has failed to connect");

        await host.DisposeAsync().AsTask().WaitAsync(Generous, Cancellation);
        link.Connect();

        // A second store of the same link proves that connecting works again; the first has no part in it.
        await using var other = await StartAsync(options => options.RedisConnectionString = link.ConnectionString);
        await AssertCachesAsync(other);
        await other.DisposeAsync();
        await Eventually.HappensAsync(() => link.Proxy.OpenConnections == 0, "the connections are closed");
    }

    private static async Task AssertServesWithoutCacheAsync(StoreHost host)
    {
        var loads = new NumberedLoads();
        for (var read = 1; read <= 5; read++)
        {
            Assert.Equal(read, await host.Store.GetAsync("key", loads.RunAsync, cancellationToken: Cancellation));
        }
    }

    private static async Task<WriteReceipt> WriteAsync(StoreHost host)
    {
        await host.ExecuteAsync("create table if not exists product (id int)");
        var receipt = await host.Store.WriteAsync(
            async (write, token) =>
            {
                await write.ExecuteAsync("insert into product values (1)", cancellationToken: token);
                write.Invalidate("product:1");
            },
            cancellationToken: Cancellation);
        Assert.NotNull(receipt.TransactionId);
        return receipt;
    }

    private static Task AssertCachesAsync(StoreHost host)
    {
        var loads = new NumberedLoads();
        return Eventually.HappensAsync(
            async () => await host.Store.GetAsync("cached", loads.RunAsync, cancellationToken: Cancellation)
                == await host.Store.GetAsync("cached", loads.RunAsync, cancellationToken: Cancellation),
            "a second read is served from Redis");
    }

    private Task<StoreHost> StartAsync(Action<HybridStoreOptions> configure, Action<IServiceCollection>? register = null) =>
        StoreHost.StartAsync(
            servers,
            options =>
            {
                options.CircuitBreaker.BreakDuration = TimeSpan.FromSeconds(0.5);
                configure(options);
            },
            (services, _) => register?.Invoke(services),
            waitForRedis: false);
}
