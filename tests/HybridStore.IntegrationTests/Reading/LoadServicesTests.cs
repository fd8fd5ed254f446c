using System.Collections.Concurrent;
using HybridStore.IntegrationTests.Resilience;
using Microsoft.Extensions.DependencyInjection;

namespace HybridStore.IntegrationTests.Reading;

/// <summary>Loads that take what they work with from a scope of their own.</summary>
public sealed class LoadServicesTests(ServersFixture servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(HybridStoreMode.Cached)]
    [InlineData(HybridStoreMode.PassThrough)]
    public async Task Each_load_has_a_scope_of_its_own_which_is_disposed_after_it(HybridStoreMode mode)
    {
        await using var host = await StartAsync(mode);
        await using var scope = host.Services.CreateAsyncScope();
        var ofCaller = scope.ServiceProvider.GetRequiredService<Session>();
        var store = scope.ServiceProvider.GetRequiredService<IHybridStore>();
        var seen = new List<Session>();

        for (var key = 0; key < 2; key++)
        {
            await store.GetAsync($"key:{key}", Load, cancellationToken: Cancellation);
        }

        Assert.Equal(3, seen.Append(ofCaller).Distinct().Count());
        Assert.All(seen, session => Assert.True(session.IsDisposed));
        Assert.False(ofCaller.IsDisposed);

        ValueTask<int> Load(LoadContext context, CancellationToken token)
        {
            var session = context.Services.GetRequiredService<Session>();
            Assert.Same(session, context.Services.GetRequiredService<Session>());
            Assert.False(session.IsDisposed);
            seen.Add(session);
            return ValueTask.FromResult(1);
        }
    }

    [Fact]
    public async Task A_load_that_asks_for_none_makes_no_scope()
    {
        await using var host = await StartAsync();

        await host.Store.GetAsync("key", (_, _) => ValueTask.FromResult(1), cancellationToken: Cancellation);

        Assert.Empty(host.Services.GetRequiredService<Sessions>().All);
    }

    [Fact]
    public async Task A_load_that_fails_has_its_scope_disposed_as_well()
    {
        await using var host = await StartAsync();

        await Assert.ThrowsAsync<InvalidOperationException>(async () => await host.Store.GetAsync<int>(
            "key",
            (context, _) =>
            {
                context.Services.GetRequiredService<Session>();
                throw new InvalidOperationException("No.");
            },
            cancellationToken: Cancellation));

        Assert.True(Assert.Single(host.Services.GetRequiredService<Sessions>().All).IsDisposed);
    }

    [Fact]
    public async Task After_the_load_there_are_none()
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

        Assert.Throws<ObjectDisposedException>(() => kept!.Services);
    }

    [Fact]
    public async Task A_load_that_works_with_them_is_refreshed_behind_a_caller_whose_own_scope_is_gone()
    {
        await using var host = await StartAsync();
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        await EarlyEntry.StoreAsync(host, raw);
        var callerIsGone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (var scope = host.Services.CreateAsyncScope())
        {
            scope.ServiceProvider.GetRequiredService<Session>();
            Assert.Equal("old", await host.Store.GetAsync(EarlyEntry.Key, LoadAsync, EarlyEntry.Eager, Cancellation));
        }

        callerIsGone.SetResult();

        await Eventually.HappensAsync(
            async () => await host.Store.GetAsync(EarlyEntry.Key, LoadAsync, EarlyEntry.Calm, Cancellation) == "new", "the new value is served");
        var sessions = host.Services.GetRequiredService<Sessions>().All;
        Assert.Equal(2, sessions.Count);
        Assert.All(sessions, session => Assert.True(session.IsDisposed));

        async ValueTask<string> LoadAsync(LoadContext context, CancellationToken token)
        {
            await callerIsGone.Task.WaitAsync(token);
            return context.Services.GetRequiredService<Session>().IsDisposed ? "disposed" : "new";
        }
    }

    private Task<StoreHost> StartAsync(HybridStoreMode mode = HybridStoreMode.Cached) => StoreHost.StartAsync(
        servers,
        options => options.Mode = mode,
        (services, _) => services.AddSingleton<Sessions>().AddScoped<Session>());

    private sealed class Sessions
    {
        public ConcurrentBag<Session> All { get; } = [];
    }

    /// <summary>Like EF Core's context: of one scope, and of no use after it. Disposed asynchronously only.</summary>
    private sealed class Session : IAsyncDisposable
    {
        public Session(Sessions sessions) => sessions.All.Add(this);

        public bool IsDisposed { get; private set; }

        public ValueTask DisposeAsync()
        {
            IsDisposed = true;
            return ValueTask.CompletedTask;
        }
    }
}
