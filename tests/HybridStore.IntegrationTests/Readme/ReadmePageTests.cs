using HybridStore.IntegrationTests.Resilience;
using HybridStore.IntegrationTests.Telemetry;
using HybridStore.Servers;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Npgsql;

namespace HybridStore.IntegrationTests.Readme;

/// <summary>What README.md shows of pages, warm-ups, memos and loads that may run behind their reader.</summary>
public sealed class ReadmePageTests(ServersFixture servers)
{
    private const string Schema =
        """
        create table product (
            id int primary key, category_id int not null, name text not null, price numeric not null,
            stock int not null default 5);
        insert into product values (42, 7, 'Kettle', 40), (43, 7, 'Cup', 10), (44, 8, 'Chair', 100);
        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_page_loads_what_is_missing_by_one_query_and_shares_its_entries_with_the_repository()
    {
        await using var host = await StartAsync();
        using var meter = new RecordedMeter(host);
        var products = new ProductRepository(host.Store);
        var pages = new ProductPages(host.Store);
        await products.FindAsync(43, Cancellation);

        var page = await pages.FindAsync([44, 43, 1000, 42], Cancellation);

        Assert.Equal(["Chair", "Cup", null, "Kettle"], page.Select(product => product?.Name));
        Assert.Equal(2, meter.Of("hybridstore.load.duration").Count);
        await products.DiscountAsync(7, 50, Cancellation);
        Assert.Equal([100, 5, 20], (await pages.FindAsync([44, 43, 42], Cancellation)).Select(product => product!.Price));
    }

    [Fact]
    public async Task The_warm_up_fills_the_cache_at_start_with_what_a_page_finds()
    {
        var database = await servers.Postgres.CreateDatabaseAsync(Cancellation);
        await using var source = NpgsqlDataSource.Create(database);
        await using var create = source.CreateCommand(Schema);
        await create.ExecuteNonQueryAsync(Cancellation);
        var services = new ServiceCollection();
        services.AddSingleton(source).AddSingleton<ProductPages>().AddLogging();
        FrontPage.Register(services, options =>
        {
            options.RedisConnectionString = servers.Redis.ConnectionString;
            options.KeyPrefix = RedisServer.NewKeyPrefix().TrimEnd(':');
        });
        await using var application = services.BuildServiceProvider();

        foreach (var service in application.GetServices<IHostedService>())
        {
            await service.StartAsync(Cancellation);
        }

        var store = application.GetRequiredService<IHybridStore>();
        await Eventually.HappensAsync(
            async () => (await store.TryGetAsync<Product>("product:44", cancellationToken: Cancellation)).HasValue,
            "the cache is warm");
        foreach (var service in application.GetServices<IHostedService>())
        {
            await service.StopAsync(Cancellation);
        }
    }

    [Fact]
    public async Task A_request_reads_a_product_once_however_often_it_asks()
    {
        await using var host = await StartAsync(static (services, _) => FrontPage.RegisterPerRequest(services));
        using var meter = new RecordedMeter(host);
        await using var request = host.Services.CreateAsyncScope();
        var pages = request.ServiceProvider.GetRequiredService<ProductPages>();

        for (var i = 0; i < 50; i++)
        {
            Assert.Equal("Kettle", (await pages.FindAsync([42], Cancellation))[0]!.Name);
        }

        Assert.Single(meter.Of("hybridstore.reads"));
    }

    [Fact]
    public async Task A_load_by_EF_Core_takes_its_context_from_a_scope_of_its_own()
    {
        await using var host = await StartAsync(static (services, _) => services.AddDbContext<Catalogue.ShopContext>(
            static (provider, options) => options.UseNpgsql(
                provider.GetRequiredService<IOptions<HybridStoreOptions>>().Value.PostgresConnectionString)));

        Assert.Equal("Kettle", await Catalogue.NameAsync(host.Store));
        await host.ExecuteAsync("update product set name = 'Behind our back' where id = 42");
        Assert.Equal("Kettle", await Catalogue.NameAsync(host.Store));
    }

    [Fact]
    public async Task The_policy_serves_a_value_past_its_time_when_its_load_fails()
    {
        await using var host = await StartAsync(static (_, builder) => Catalogue.AddPolicy(builder));
        using var meter = new RecordedMeter(host);
        var options = EntryOptions.Policy("catalogue") with { TimeToLive = TimeSpan.FromMilliseconds(1), Jitter = 0, Beta = 0 };
        await host.Store.GetAsync("key", static (_, _) => ValueTask.FromResult(1), options, Cancellation);

        await Eventually.HappensAsync(
            async () =>
            {
                Assert.Equal(
                    1, await host.Store.GetAsync<int>("key", "select 1 / 0", options: options, cancellationToken: Cancellation));
                return meter.TagsOf("hybridstore.reads.stale", "hybridstore.reason").Contains("failed");
            },
            "it is past its time");
    }

    private async Task<StoreHost> StartAsync(Action<IServiceCollection, IHybridStoreBuilder>? register = null)
    {
        var host = await StoreHost.StartAsync(
            servers,
            register: (services, builder) =>
            {
                services.AddMetrics();
                register?.Invoke(services, builder);
            });
        await host.ExecuteAsync(Schema);
        return host;
    }
}
