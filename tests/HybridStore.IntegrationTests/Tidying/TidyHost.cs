using System.Globalization;
using HybridStore.Redis;
using HybridStore.Redis.Janitor;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace HybridStore.IntegrationTests.Tidying;

/// <summary>A store whose janitor runs when the test says so, and leaves its turn at once.</summary>
internal sealed class TidyHost : IAsyncDisposable
{
    private TidyHost(StoreHost host, IDatabase redis)
    {
        Host = host;
        Redis = redis;
    }

    public StoreHost Host { get; }

    /// <summary>Redis past the store.</summary>
    public IDatabase Redis { get; }

    public RedisLayout Layout => Host.Root.Redis!.Session!.Layout;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task<TidyHost> StartAsync(
        ServersFixture servers, Action<HybridStoreOptions>? configure = null, StoreHost? besides = null)
    {
        var host = await StoreHost.StartAsync(
            servers,
            options =>
            {
                options.JanitorInterval = TimeSpan.Zero;
                configure?.Invoke(options);
            },
            (services, _) => services.AddMetrics(),
            besides);
        return new TidyHost(host, (await servers.Redis.ConnectDirectlyAsync()).GetDatabase());
    }

    public Task<JanitorOutcome> RunAsync() => Host.Root.Janitor!.RunAsync(Cancellation);

    public async Task StoreAsync(string key, params string[] tags)
    {
        await Host.Store.GetAsync(
            key,
            (context, _) =>
            {
                context.AddTags(tags);
                return ValueTask.FromResult(1);
            },
            cancellationToken: Cancellation);
        await Host.Root.Redis!.Session!.Database.PingAsync();
    }

    public RedisKey Name(int partition, string rest) => Layout.NameOf(partition, rest);

    /// <summary>Adds members to a tag set of the current generation whose time has passed.</summary>
    public async Task AddExpiredAsync(string tag, int count, int partition = 0) => await Redis.SortedSetAddAsync(
        Host.Generation.TagSet(partition, tag),
        [.. Enumerable.Range(0, count).Select(id => new SortedSetEntry(string.Create(CultureInfo.InvariantCulture, $"gone:{id}"), 1_000_000 + id))]);

    /// <summary>Whether invalidations go on in a generation.</summary>
    public Task SetGraceAsync(long generation, bool goesOn, int partition = 0) => Redis.HashSetAsync(
        Layout.State(partition), $"o{generation.ToString(CultureInfo.InvariantCulture)}", goesOn ? 9_999_999_999_999 : 1);

    public ValueTask DisposeAsync() => Host.DisposeAsync();
}
