using HybridStore.IntegrationTests.Resilience;
using HybridStore.Redis;
using HybridStore.Servers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace HybridStore.IntegrationTests.Readme;

public sealed class ReadmeTests(ServersFixture servers)
{
    private const string Schema =
        """
        create table product (
            id int primary key, category_id int not null, name text not null, price numeric not null, stock int not null default 5);
        insert into product values (42, 7, 'Kettle', 40), (43, 7, 'Cup', 10), (44, 8, 'Chair', 100);
        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void Every_snippet_of_the_readme_is_compiled_here()
    {
        var compiled = ReadmeSnippets.InSources();
        var shown = ReadmeSnippets.InReadme();

        Assert.NotEmpty(shown);
        Assert.All(shown, snippet => Assert.Contains(snippet, compiled.Values));
        Assert.All(compiled.Values, snippet => Assert.Contains(snippet, shown));
    }

    [Fact]
    public async Task The_start_runs_as_it_is_written()
    {
        var database = await servers.Postgres.CreateDatabaseAsync(Cancellation);
        await ExecuteAsync(database, Schema);

        // The start uses the default prefix: what another run has left under it goes first.
        await servers.Redis.RunAsync("DEL", (string)new RedisLayout("hs", 1).State(0)!);
        var (before, after) = await QuickStart.RunAsync(
            [$"--ConnectionStrings:Postgres={database}", $"--ConnectionStrings:Redis={servers.Redis.ConnectionString}"]);

        Assert.Equal("Kettle", before);
        Assert.Equal("Teapot", after);
    }

    [Fact]
    public async Task The_repository_serves_a_second_read_from_the_cache_and_sees_its_own_write()
    {
        await using var host = await StartAsync();
        var products = host.Services.GetRequiredService<ProductRepository>();

        Assert.Equal(new Product(42, 7, "Kettle", 40), await products.FindAsync(42, Cancellation));
        await host.ExecuteAsync("update product set name = 'Behind our back' where id = 42");
        Assert.Equal("Kettle", (await products.FindAsync(42, Cancellation))?.Name);

        await products.ChangePriceAsync(42, 35, Cancellation);
        Assert.Equal(new Product(42, 7, "Behind our back", 35), await products.FindAsync(42, Cancellation));
    }

    [Fact]
    public async Task The_repository_remembers_that_a_product_is_missing()
    {
        await using var host = await StartAsync();
        var products = host.Services.GetRequiredService<ProductRepository>();

        Assert.Null(await products.FindAsync(1000, Cancellation));
        await host.ExecuteAsync("insert into product values (1000, 7, 'Late', 1)");
        Assert.Null(await products.FindAsync(1000, Cancellation));

        // Its own write ends that at once.
        await products.ChangePriceAsync(1000, 2, Cancellation);
        Assert.Equal(2, (await products.FindAsync(1000, Cancellation))?.Price);
    }

    [Fact]
    public async Task The_repository_discounts_a_whole_category_by_its_tag_and_leaves_the_others()
    {
        await using var host = await StartAsync();
        var products = host.Services.GetRequiredService<ProductRepository>();
        foreach (var id in new[] { 42, 43, 44 })
        {
            await products.FindAsync(id, Cancellation);
        }

        Assert.Equal(2, await products.DiscountAsync(7, 50, Cancellation));
        await host.ExecuteAsync("update product set price = 1 where id = 44");

        Assert.Equal(20, (await products.FindAsync(42, Cancellation))?.Price);
        Assert.Equal(5, (await products.FindAsync(43, Cancellation))?.Price);
        Assert.Equal(100, (await products.FindAsync(44, Cancellation))?.Price);
    }

    [Fact]
    public async Task The_repository_lists_a_category_and_reads_stock_past_the_cache()
    {
        await using var host = await StartAsync();
        var products = host.Services.GetRequiredService<ProductRepository>();

        Assert.Equal(["Cup", "Kettle"], (await products.ListAsync(7, Cancellation)).Select(product => product.Name));
        await host.ExecuteAsync("update product set name = 'Behind our back' where id = 43");
        Assert.Equal(["Cup", "Kettle"], (await products.ListAsync(7, Cancellation)).Select(product => product.Name));
        await products.ChangePriceAsync(42, 35, Cancellation);
        Assert.Contains(new Product(42, 7, "Kettle", 35), await products.ListAsync(7, Cancellation));

        Assert.Equal(5, await products.StockAsync(42, Cancellation));
        await host.ExecuteAsync("update product set stock = 4 where id = 42");
        Assert.Equal(4, await products.StockAsync(42, Cancellation));
    }

    [Fact]
    public async Task The_strict_write_is_strict()
    {
        await using var host = await StoreHost.StartAsync(servers);
        await host.ExecuteAsync("create table account (id int primary key, balance int not null); insert into account values (7, 100)");

        var receipt = await StrictTransfer.RunAsync(host.Store);

        Assert.True(receipt.IsStrict);
        Assert.Equal(InvalidationStatus.Applied, receipt.Status);
    }

    [Fact]
    public async Task The_write_through_stores_what_is_left()
    {
        await using var host = await StoreHost.StartAsync(servers);
        await host.ExecuteAsync("create table event (id int primary key, tickets int not null)");
        await host.ExecuteAsync("insert into event values (7, 100)");

        Assert.Equal(InvalidationStatus.Applied, (await SoldTicket.RunAsync(host.Store)).Status);

        Assert.Equal(99, await host.Store.GetAsync<int>(
            "event:7:tickets",
            (_, _) => throw new InvalidOperationException("It is not in the cache."),
            cancellationToken: TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task The_two_repositories_write_in_one_transaction()
    {
        await using var host = await StartAsync();
        await host.ExecuteAsync("create table placed (id int primary key, xid xid8 default pg_current_xact_id())");
        await host.ExecuteAsync("alter table product add xid xid8; create function mark() returns trigger language plpgsql as "
            + "'begin new.xid := pg_current_xact_id(); return new; end'; "
            + "create trigger mark before update on product for each row execute function mark()");

        await PlacedOrder.RunAsync(host.Store, new PlacedOrder.OrderRepository(host.Store), new PlacedOrder.StockRepository(host.Store), 42);

        await using var command = host.DataSource.CreateCommand(
            "select count(*) from placed join product using (id, xid) where id = 42 and stock = 4");
        Assert.Equal(1L, await command.ExecuteScalarAsync(Cancellation));
    }

    [Fact]
    public async Task The_unit_test_passes()
    {
        var store = await DiscountTest.RunAsync();

        Assert.Equal(3, store.Statements.Count);
        Assert.Equal(50m, store.Statements[1].Parameter<decimal>("percent"));
    }

    [Fact]
    public async Task A_read_with_the_token_reflects_the_write()
    {
        await using var host = await StartAsync();

        Assert.Equal("Teapot", await SavedName.RunAsync(host.Store));
    }

    [Fact]
    public async Task What_psql_changes_in_the_watched_table_reaches_readers_and_a_dba_can_install_it()
    {
        var database = await servers.Postgres.CreateDatabaseAsync(Cancellation);
        await ExecuteAsync(database, "create table users (id int primary key, org_id int, name text); insert into users values (7, 1, 'Ann')");
        var services = new ServiceCollection();
        WatchedUsers.Register(services, options =>
        {
            options.PostgresConnectionString = database;
            options.RedisConnectionString = servers.Redis.ConnectionString;
            options.KeyPrefix = RedisServer.NewKeyPrefix().TrimEnd(':');
        });
        await using var application = services.AddLogging().BuildServiceProvider();
        var role = await CreateRoleAsync(database);
        var folder = Directory.CreateTempSubdirectory();
        await InstallScript.WriteAsync(application.GetRequiredService<HybridStoreSchema>(), folder.FullName);
        var script = await File.ReadAllTextAsync(Path.Combine(folder.FullName, "hybridstore.sql"), Cancellation);
        await ExecuteAsync(database, script.Replace("\"app\"", $"\"{role}\"", StringComparison.Ordinal));
        folder.Delete(recursive: true);

        await application.GetServices<IHostedService>().Single().StartAsync(Cancellation);
        var store = application.GetRequiredService<IHybridStore>();
        await Eventually.HappensAsync(async () => (await WatchedUsers.ReadAsync(store, 7)).Name == "Ann", "the row is read");
        await ExecuteAsync(database, "update users set name = 'Bea' where id = 7");
        await Eventually.HappensAsync(async () => (await WatchedUsers.ReadAsync(store, 7)).Name == "Bea", "the change is read");
    }

    private static async Task<string> CreateRoleAsync(string database)
    {
        var role = $"app_{Guid.NewGuid():N}";
        await ExecuteAsync(database, $"create role {role}");
        return role;
    }

    private async Task<StoreHost> StartAsync()
    {
        var host = await StoreHost.StartAsync(servers, register: static (services, _) => services.AddSingleton<ProductRepository>());
        await host.ExecuteAsync(Schema);
        return host;
    }

    private static async Task ExecuteAsync(string database, string sql)
    {
        await using var source = NpgsqlDataSource.Create(database);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Cancellation);
    }
}
