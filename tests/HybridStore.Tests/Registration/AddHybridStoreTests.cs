using HybridStore.Registration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using StackExchange.Redis;

namespace HybridStore.Tests.Registration;

public class AddHybridStoreTests
{
    private readonly ServiceCollection _services = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_store_is_a_singleton_and_its_options_are_what_the_delegate_set()
    {
        var builder = _services.AddHybridStore(options =>
        {
            PassThrough(options);
            options.KeyPrefix = "shop";
        });
        await using var provider = _services.BuildServiceProvider();

        Assert.Same(_services, builder.Services);
        Assert.Equal("", builder.OptionsName);
        Assert.Equal("shop", ApplicationUnderTest.OptionsOf(provider).KeyPrefix);
        Assert.Same(provider.GetRequiredService<IHybridStore>(), provider.GetRequiredService<IHybridStore>());
        using var scope = provider.CreateScope();
        Assert.Same(provider.GetRequiredService<IHybridStore>(), scope.ServiceProvider.GetRequiredService<IHybridStore>());
    }

    [Fact]
    public async Task Stores_with_keys_are_stores_of_their_own_with_prefixes_of_their_own()
    {
        _services.AddHybridStore(PassThrough);
        _services.AddKeyedHybridStore("orders", PassThrough);
        _services.AddKeyedHybridStore("users", ApplicationUnderTest.Json(
            $$"""{ "Mode": "PassThrough", "PostgresConnectionString": "{{ApplicationUnderTest.NoPostgres}}", "KeyPrefix": "u" }"""));
        await using var provider = _services.BuildServiceProvider();

        var store = provider.GetRequiredService<IHybridStore>();
        var orders = provider.GetRequiredKeyedService<IHybridStore>("orders");
        var users = provider.GetRequiredKeyedService<IHybridStore>("users");

        Assert.Equal(3, new HashSet<IHybridStore> { store, orders, users }.Count);
        Assert.Same(orders, provider.GetRequiredKeyedService<IHybridStore>("orders"));
        Assert.Equal("hs", ApplicationUnderTest.OptionsOf(provider).KeyPrefix);
        Assert.Equal("hs-orders", ApplicationUnderTest.OptionsOf(provider, "orders").KeyPrefix);
        Assert.Equal("u", ApplicationUnderTest.OptionsOf(provider, "users").KeyPrefix);
        Assert.Equal(42, await orders.GetAsync("key", _ => Task.FromResult(42), cancellationToken: Cancellation));
    }

    [Fact]
    public async Task A_policy_that_is_added_is_known_to_its_store_only()
    {
        _services.AddHybridStore(PassThrough).AddPolicy("search", new EntryOptions { TimeToLive = TimeSpan.FromMinutes(2) });
        _services.AddKeyedHybridStore("orders", PassThrough);
        await using var provider = _services.BuildServiceProvider();
        var search = EntryOptions.Policy("search");

        var value = await provider.GetRequiredService<IHybridStore>().GetAsync(
            "key", (context, _) => ValueTask.FromResult(context.TimeToLive), search, Cancellation);

        Assert.Equal(TimeSpan.FromMinutes(2), value);
        var thrown = Assert.Throws<ArgumentException>(() => provider.GetRequiredKeyedService<IHybridStore>("orders").GetAsync(
            "key", _ => Task.FromResult(1), search, Cancellation).AsTask().Wait(Cancellation));
        Assert.Contains("There is no policy \"search\"", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Adding_the_store_twice_says_what_to_call_instead()
    {
        _services.AddHybridStore();
        _services.AddKeyedHybridStore("orders");

        var twice = Assert.Throws<InvalidOperationException>(() => _services.AddHybridStore(PassThrough));
        var keyedTwice = Assert.Throws<InvalidOperationException>(() => _services.AddKeyedHybridStore("orders"));

        Assert.Contains("use AddKeyedHybridStore for a further store", twice.Message, StringComparison.Ordinal);
        Assert.Contains("orders", keyedTwice.Message, StringComparison.Ordinal);
        Assert.Contains("use another key", keyedTwice.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Keys_of_the_same_text_are_refused_since_their_options_would_be_the_same()
    {
        _services.AddKeyedHybridStore("1");

        var thrown = Assert.Throws<InvalidOperationException>(() => _services.AddKeyedHybridStore(1));

        Assert.Contains("another key", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_without_text_is_refused_since_its_options_would_be_the_default_stores() =>
        Assert.Equal("key", Assert.Throws<ArgumentException>(() => _services.AddKeyedHybridStore("")).ParamName);

    [Fact]
    public async Task Without_PostgreSQL_the_message_says_what_to_set()
    {
        _services.AddHybridStore(options => options.Mode = HybridStoreMode.PassThrough);
        await using var provider = _services.BuildServiceProvider();

        var thrown = Assert.Throws<InvalidOperationException>(provider.GetRequiredService<IHybridStore>);

        Assert.Contains("PostgresConnectionString", thrown.Message, StringComparison.Ordinal);
        Assert.Contains("AddNpgsqlDataSource", thrown.Message, StringComparison.Ordinal);
        Assert.Contains("UsePostgres", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_Redis_the_message_says_what_to_set()
    {
        _services.AddHybridStore(options => options.PostgresConnectionString = ApplicationUnderTest.NoPostgres);
        await using var provider = _services.BuildServiceProvider();

        var thrown = Assert.Throws<InvalidOperationException>(provider.GetRequiredService<IHybridStore>);

        Assert.Contains("RedisConnectionString", thrown.Message, StringComparison.Ordinal);
        Assert.Contains("IConnectionMultiplexer", thrown.Message, StringComparison.Ordinal);
        Assert.Contains("UseRedis", thrown.Message, StringComparison.Ordinal);
        Assert.Contains("PassThrough", thrown.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PassThrough_loads_writes_nothing_and_needs_no_Redis()
    {
        _services.AddHybridStore(PassThrough);
        await using var provider = _services.BuildServiceProvider();
        var store = provider.GetRequiredService<IHybridStore>();
        var loads = 0;

        Assert.Equal(1, await store.GetAsync("key", _ => Task.FromResult(++loads), cancellationToken: Cancellation));
        Assert.Equal(2, await store.GetAsync("key", _ => Task.FromResult(++loads), cancellationToken: Cancellation));
        Assert.Equal(InvalidationStatus.Applied, (await store.InvalidateKeyAsync("key", Cancellation)).Status);
        Assert.Null(provider.GetRequiredService<StoreRoot>().Redis);
    }

    [Fact]
    public async Task The_builders_sources_go_before_everything_else()
    {
        await using var dataSource = NpgsqlDataSource.Create("Host=127.0.0.1;Port=1;Database=mine");
        await using var other = NpgsqlDataSource.Create("Host=127.0.0.1;Port=1;Database=other");
        _services.AddSingleton(other);
        var registration = new StoreRegistration(null) { DataSource = _ => dataSource };
        await using var provider = _services.BuildServiceProvider();

        Assert.Equal((dataSource, false), ConnectionSources.DataSource(
            provider, registration, new HybridStoreOptions { PostgresConnectionString = ApplicationUnderTest.NoPostgres }));
        Assert.Equal((other, false), ConnectionSources.DataSource(provider, new StoreRegistration(null), new HybridStoreOptions()));
    }

    [Fact]
    public async Task A_store_with_a_key_takes_what_is_registered_under_its_key_or_else_without_one()
    {
        await using var ofOrders = NpgsqlDataSource.Create("Host=127.0.0.1;Port=1;Database=orders");
        await using var ofAll = NpgsqlDataSource.Create("Host=127.0.0.1;Port=1;Database=all");
        _services.AddKeyedSingleton("orders", ofOrders);
        _services.AddSingleton(ofAll);
        await using var provider = _services.BuildServiceProvider();
        var options = new HybridStoreOptions();

        Assert.Same(ofOrders, ConnectionSources.DataSource(provider, new StoreRegistration("orders"), options).DataSource);
        Assert.Same(ofAll, ConnectionSources.DataSource(provider, new StoreRegistration("users"), options).DataSource);
    }

    [Fact]
    public async Task Only_what_comes_from_a_connection_string_is_the_stores_to_dispose()
    {
        await using var provider = _services.BuildServiceProvider();
        var options = new HybridStoreOptions
        {
            PostgresConnectionString = ApplicationUnderTest.NoPostgres,
            RedisConnectionString = ApplicationUnderTest.NoRedis,
        };
        var (dataSource, ownsDataSource) = ConnectionSources.DataSource(provider, new StoreRegistration(null), options);
        await using (dataSource)
        {
            Assert.True(ownsDataSource);
        }

        Assert.True(ConnectionSources.Multiplexer(provider, new StoreRegistration(null), options).Owned);
        var given = new StoreRegistration(null) { Multiplexer = _ => throw new InvalidOperationException("asked too early") };
        Assert.False(ConnectionSources.Multiplexer(provider, given, options).Owned);
    }

    [Fact]
    public async Task A_function_that_returns_no_data_source_is_told()
    {
        _services.AddHybridStore(PassThrough).UsePostgres(_ => null!);
        await using var provider = _services.BuildServiceProvider();

        var thrown = Assert.Throws<InvalidOperationException>(provider.GetRequiredService<IHybridStore>);

        Assert.Contains("UsePostgres", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Null_arguments_are_refused_at_once()
    {
        var builder = _services.AddHybridStore();

        Assert.Throws<ArgumentNullException>(() => ((IServiceCollection)null!).AddHybridStore());
        Assert.Throws<ArgumentNullException>("configuration", () => _services.AddHybridStore((Microsoft.Extensions.Configuration.IConfiguration)null!));
        Assert.Throws<ArgumentNullException>("key", () => _services.AddKeyedHybridStore(null!));
        Assert.Throws<ArgumentNullException>("dataSource", () => builder.UsePostgres(null!));
        Assert.Throws<ArgumentNullException>("multiplexer", () => builder.UseRedis((Func<IServiceProvider, IConnectionMultiplexer>)null!));
        Assert.Throws<ArgumentNullException>("serializer", () => builder.UseSerializer(null!));
        Assert.Throws<ArgumentNullException>("options", () => builder.AddPolicy("price", null!));
        Assert.Throws<ArgumentException>("name", () => builder.AddPolicy(" ", new EntryOptions()));
        var nested = Assert.Throws<ArgumentException>("options", () => builder.AddPolicy("mine", EntryOptions.Policy("price")));
        Assert.Contains("repeat the settings", nested.Message, StringComparison.Ordinal);
    }

    private static void PassThrough(HybridStoreOptions options)
    {
        options.Mode = HybridStoreMode.PassThrough;
        options.PostgresConnectionString = ApplicationUnderTest.NoPostgres;
    }
}
