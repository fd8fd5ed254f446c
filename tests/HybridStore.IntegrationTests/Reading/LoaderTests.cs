using Dapper;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace HybridStore.IntegrationTests.Reading;

/// <summary>The ways in which a load gets at PostgreSQL.</summary>
public sealed class LoaderTests(ServersFixture servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ef_core_loads_an_entity_through_its_own_context()
    {
        await using var host = await StartAsync();
        async Task<Product?> ReadAsync()
        {
            await using var db = new Shop(host.ConnectionString);
            return await host.Store.GetAsync(
                "product:1",
                token => db.Products.AsNoTracking().SingleOrDefaultAsync(product => product.Id == 1, token),
                cancellationToken: Cancellation);
        }

        var cold = await ReadAsync();
        await host.ExecuteAsync("update products set name = 'Pot'");
        var warm = await ReadAsync();

        Assert.Equal(("Kettle", 39.90m), (cold?.Name, cold?.Price));
        Assert.Equal(("Kettle", 39.90m), (warm?.Name, warm?.Price));
    }

    [Fact]
    public async Task Ef_core_loads_on_the_connection_of_the_load()
    {
        await using var host = await StartAsync();

        var names = await host.Store.GetAsync<IReadOnlyList<string>>(
            "names",
            async (context, token) =>
            {
                await using var db = new Shop(await context.OpenConnectionAsync(token));
                return await db.Products.OrderBy(product => product.Id).Select(product => product.Name).ToListAsync(token);
            },
            cancellationToken: Cancellation);

        Assert.Equal(["Kettle", "Pan", "Pot"], names);
        Assert.Equal(
            names,
            await host.Store.GetAsync<IReadOnlyList<string>>(
                "names", (_, _) => ValueTask.FromResult<IReadOnlyList<string>>([]), cancellationToken: Cancellation));
    }

    [Fact]
    public async Task Dapper_loads_on_the_raw_connection()
    {
        await using var host = await StartAsync();

        var (count, sameConnection) = (0, false);
        count = await host.Store.GetAsync(
            "count",
            async (context, token) =>
            {
                var connection = await context.OpenConnectionAsync(token);
                sameConnection = ReferenceEquals(connection, await context.OpenConnectionAsync(token));
                return await connection.QuerySingleAsync<int>(new CommandDefinition(
                    "select count(*) from products where price > @least", new { least = 10m }, cancellationToken: token));
            },
            cancellationToken: Cancellation);

        Assert.Equal(2, count);
        Assert.True(sameConnection);
    }

    [Fact]
    public async Task The_context_maps_rows_lists_and_scalars()
    {
        await using var host = await StartAsync();
        Product? one = null;
        Product? none = null;
        IReadOnlyList<Product>? all = null;
        long total = 0;
        string? nothing = "something";

        await host.Store.GetAsync(
            "key",
            async (context, token) =>
            {
                Assert.Equal("key", context.Key);
                one = await context.QuerySingleOrDefaultAsync<Product>("select * from products where id = @id", new { id = 2 }, token);
                none = await context.QuerySingleOrDefaultAsync<Product>("select * from products where id = 9", cancellationToken: token);
                all = await context.QueryAsync<Product>("select * from products order by id", cancellationToken: token);
                total = await context.ExecuteScalarAsync<long>("select count(*) from products", cancellationToken: token);
                nothing = await context.ExecuteScalarAsync<string>("select name from products where id = 9", cancellationToken: token);
                return true;
            },
            cancellationToken: Cancellation);

        Assert.Equal("Pan", one?.Name);
        Assert.Null(none);
        Assert.Equal([1, 2, 3], all!.Select(product => product.Id));
        Assert.Equal(3, total);
        Assert.Null(nothing);
    }

    [Fact]
    public async Task More_than_one_row_is_an_error_of_the_query_and_is_not_cached()
    {
        await using var host = await StartAsync();
        var raw = await RawRedis.OfAsync(host, servers.Redis);

        await Assert.ThrowsAsync<InvalidOperationException>(async () => await host.Store.GetAsync<Product>(
            "product", "select * from products", cancellationToken: Cancellation));

        Assert.False(await raw.HasEntryAsync("product"));
    }

    [Fact]
    public async Task An_error_of_postgres_reaches_the_caller_as_it_is()
    {
        await using var host = await StartAsync();

        var error = await Assert.ThrowsAsync<PostgresException>(async () => await host.Store.GetAsync<Product>(
            "product", "select * from no_such_table", cancellationToken: Cancellation));

        Assert.Equal(PostgresErrorCodes.UndefinedTable, error.SqlState);
    }

    [Fact]
    public async Task Value_types_lists_and_plain_strings_come_back_as_they_were()
    {
        await using var host = await StartAsync();

        await AssertComesBackAsync(host, 42);
        await AssertComesBackAsync<int?>(host, 7);
        await AssertComesBackAsync(host, 39.90m);
        await AssertComesBackAsync(host, Guid.NewGuid());
        await AssertComesBackAsync(host, new DateTimeOffset(2026, 7, 31, 12, 30, 15, 123, TimeSpan.FromHours(2)));
        await AssertComesBackAsync(host, DateOnly.FromDateTime(DateTime.UnixEpoch));
        await AssertComesBackAsync(host, true);
        await AssertComesBackAsync(host, DayOfWeek.Friday);
        await AssertComesBackAsync(host, "Grüße, 世界 \u0000 \U0001F600");
        await AssertComesBackAsync(host, new Point(3, 4));
        await AssertComesBackAsync<IReadOnlyList<Point>>(host, [new Point(1, 2), new Point(3, 4)]);
        await AssertComesBackAsync(host, new byte[] { 0, 1, 255 });
    }

    [Fact]
    public async Task A_list_of_rows_is_one_entry()
    {
        await using var host = await StartAsync();
        ValueTask<IReadOnlyList<Product>> ReadAsync() => host.Store.GetListAsync<Product>(
            "products", "select * from products where price > @least order by id", new { least = 10m }, cancellationToken: Cancellation);

        var cold = await ReadAsync();
        await host.ExecuteAsync("delete from products");
        var warm = await ReadAsync();

        Assert.Equal(["Kettle", "Pot"], cold.Select(product => product.Name));
        Assert.Equal(["Kettle", "Pot"], warm.Select(product => product.Name));
    }

    [Fact]
    public async Task A_load_takes_no_connection_unless_it_asks_for_one()
    {
        await using var source = await SingleConnectionAsync();
        await using var host = await StoreHost.StartAsync(servers, register: (_, builder) => builder.UsePostgres(_ => source));
        await using var taken = await source.OpenConnectionAsync(Cancellation);

        // With the pool's only connection taken, asking for one would wait and then fail.
        Assert.Equal(1, await host.Store.GetAsync("key", (_, _) => ValueTask.FromResult(1), cancellationToken: Cancellation));
        Assert.Equal(1, await host.Store.GetAsync("key", (_, _) => ValueTask.FromResult(2), cancellationToken: Cancellation));
    }

    [Fact]
    public async Task Every_load_gives_its_connection_back()
    {
        await using var source = await SingleConnectionAsync();
        await using var host = await StoreHost.StartAsync(servers, register: (_, builder) => builder.UsePostgres(_ => source));
        for (var id = 0; id < 5; id++)
        {
            await host.Store.GetAsync<int>($"key:{id}", "select @id::int", new { id }, cancellationToken: Cancellation);
            await Assert.ThrowsAsync<PostgresException>(async () =>
                await host.Store.GetAsync<int>($"bad:{id}", "select nonsense", cancellationToken: Cancellation));
        }

        await using var free = await source.OpenConnectionAsync(Cancellation);
        Assert.Equal(4, await host.Store.GetAsync<int>("key:4", "select -1", cancellationToken: Cancellation));
    }

    [Fact]
    public async Task A_context_cannot_be_used_after_its_load()
    {
        await using var host = await StartAsync();
        LoadContext? kept = null;
        await host.Store.GetAsync(
            "key",
            (context, _) =>
            {
                kept = context;
                return ValueTask.FromResult(1);
            },
            cancellationToken: Cancellation);

        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await kept!.OpenConnectionAsync(Cancellation));
    }

    private static async Task AssertComesBackAsync<T>(StoreHost host, T value)
    {
        var key = $"value:{typeof(T)}";
        Assert.Equal(value, await host.Store.GetAsync(key, (_, _) => ValueTask.FromResult(value), cancellationToken: Cancellation));
        var cached = await host.Store.GetAsync<T>(
            key, (_, _) => throw new InvalidOperationException("Not cached."), cancellationToken: Cancellation);
        Assert.Equal(value, cached);
    }

    private async Task<NpgsqlDataSource> SingleConnectionAsync()
    {
        var database = await servers.Postgres.CreateDatabaseAsync(Cancellation);
        return NpgsqlDataSource.Create(
            new NpgsqlConnectionStringBuilder(database) { MaxPoolSize = 1, Timeout = 5 }.ConnectionString);
    }

    private async Task<StoreHost> StartAsync()
    {
        var host = await StoreHost.StartAsync(servers);
        await host.ExecuteAsync("create table products (id int primary key, name text not null, price numeric not null)");
        await host.ExecuteAsync("insert into products values (1, 'Kettle', 39.90), (2, 'Pan', 9.50), (3, 'Pot', 20)");
        return host;
    }

    private readonly record struct Point(int X, int Y);

    private sealed class Product
    {
        public int Id { get; set; }

        public string Name { get; set; } = "";

        public decimal Price { get; set; }
    }

    private sealed class Shop : DbContext
    {
        private readonly Action<DbContextOptionsBuilder> _configure;

        public Shop(string connectionString) => _configure = options => options.UseNpgsql(connectionString);

        public Shop(NpgsqlConnection connection) => _configure = options => options.UseNpgsql(connection);

        public DbSet<Product> Products => Set<Product>();

        protected override void OnConfiguring(DbContextOptionsBuilder optionsBuilder) => _configure(optionsBuilder);

        protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.Entity<Product>(product =>
        {
            product.ToTable("products");
            product.Property(row => row.Id).HasColumnName("id");
            product.Property(row => row.Name).HasColumnName("name");
            product.Property(row => row.Price).HasColumnName("price");
        });
    }
}
