using System.Buffers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;

namespace HybridStore.Testing.Tests.Registration;

/// <summary>An application whose store is replaced.</summary>
public sealed class AddInMemoryHybridStoreTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_takes_the_place_of_the_real_store_which_is_neither_made_nor_started()
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Services.AddHybridStore();
        builder.Services.AddSingleton<ProductRepository>();
        builder.Services.AddInMemoryHybridStore();
        using var app = builder.Build();

        // The real one would miss its servers here.
        await app.StartAsync(Cancellation);
        var store = app.Services.GetRequiredService<InMemoryHybridStore>();
        store.Answer("from product", new Product(1, "Cup", 10));

        Assert.Same(store, app.Services.GetRequiredService<IHybridStore>());
        Assert.Single(app.Services.GetServices<IHybridStore>());
        Assert.Equal("Cup", (await app.Services.GetRequiredService<ProductRepository>().FindAsync(1, Cancellation))?.Name);
        store.ShouldHaveRead("product:1", ReadOutcome.Miss);
        await app.StopAsync(Cancellation);
    }

    [Fact]
    public async Task Policies_settings_serializer_and_clock_are_the_applications()
    {
        var time = new FakeTimeProvider();
        var services = new ServiceCollection();
        services.AddSingleton<TimeProvider>(time);
        services.AddHybridStore(options => options.StrictWrites = true)
            .AddPolicy("brief", new EntryOptions { TimeToLive = TimeSpan.FromSeconds(1) })
            .UseSerializer(_ => new RefusingSerializer());
        services.AddInMemoryHybridStore();
        await using var provider = services.BuildServiceProvider();
        var store = provider.GetRequiredService<InMemoryHybridStore>();

        Assert.True((await store.WriteAsync((_, _) => Task.CompletedTask, cancellationToken: Cancellation)).IsStrict);
        Assert.Equal("value", await store.GetAsync("key", (_, _) => ValueTask.FromResult("value"), cancellationToken: Cancellation));
        Assert.False(store.IsCached("key"));
        store.Seed<string?>("null", null, EntryOptions.Policy("brief") with { NegativeTimeToLive = TimeSpan.FromSeconds(1) });
        Assert.True(store.IsCached("null"));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.False(store.IsCached("null"));
    }

    [Fact]
    public async Task A_load_has_services_of_a_scope_of_its_own()
    {
        var services = new ServiceCollection();
        services.AddHybridStore();
        services.AddScoped<Unit>();
        services.AddInMemoryHybridStore();
        await using var provider = services.BuildServiceProvider();
        var store = provider.GetRequiredService<IHybridStore>();
        var units = new List<Unit>();

        for (var key = 0; key < 2; key++)
        {
            await store.GetAsync($"key:{key}", Load, cancellationToken: Cancellation);
        }

        Assert.NotSame(units[0], units[1]);
        Assert.All(units, unit => Assert.True(unit.IsDisposed));

        ValueTask<int> Load(LoadContext context, CancellationToken token)
        {
            units.Add(context.Services.GetRequiredService<Unit>());
            return ValueTask.FromResult(1);
        }
    }

    [Fact]
    public async Task A_store_that_no_container_made_has_none_and_says_what_to_do()
    {
        var store = new InMemoryHybridStore();

        var thrown = await Assert.ThrowsAsync<InvalidOperationException>(async () => await store.GetAsync(
            "key", (context, _) => ValueTask.FromResult(context.Services is not null), cancellationToken: Cancellation));

        Assert.Contains("AddInMemoryHybridStore", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_store_under_a_key_is_replaced_by_itself()
    {
        var services = new ServiceCollection();
        services.AddHybridStore();
        services.AddKeyedHybridStore("orders");
        services.AddInMemoryHybridStore();
        services.AddKeyedInMemoryHybridStore("orders");
        await using var provider = services.BuildServiceProvider();

        var (store, orders) = (
            provider.GetRequiredService<IHybridStore>(), provider.GetRequiredKeyedService<IHybridStore>("orders"));

        Assert.NotSame(store, orders);
        Assert.Same(orders, provider.GetRequiredKeyedService<InMemoryHybridStore>("orders"));
        foreach (var service in provider.GetServices<IHostedService>())
        {
            await service.StartAsync(Cancellation);
        }
    }

    [Fact]
    public async Task It_needs_no_store_to_replace_and_can_be_added_twice()
    {
        var services = new ServiceCollection();
        services.AddInMemoryHybridStore();
        services.AddInMemoryHybridStore();
        await using var provider = services.BuildServiceProvider();

        Assert.Same(provider.GetRequiredService<InMemoryHybridStore>(), Assert.Single(provider.GetServices<IHybridStore>()));
    }

    [Fact]
    public async Task A_data_source_that_is_not_there_is_told()
    {
        var services = new ServiceCollection();
        services.AddInMemoryHybridStore(_ => null!);
        await using var provider = services.BuildServiceProvider();

        Assert.Throws<InvalidOperationException>(provider.GetRequiredService<IHybridStore>);
    }

    private sealed class RefusingSerializer : IHybridStoreSerializer
    {
        public void Serialize<T>(T value, IBufferWriter<byte> target) => throw new NotSupportedException("Nothing is serialized.");

        public T Deserialize<T>(ReadOnlySequence<byte> source) => throw new NotSupportedException("Nothing is deserialized.");
    }

    private sealed class Unit : IDisposable
    {
        public bool IsDisposed { get; private set; }

        public void Dispose() => IsDisposed = true;
    }
}
