using HybridStore.Redis.Janitor;
using HybridStore.Servers;

namespace HybridStore.IntegrationTests.Tidying;

/// <summary>The janitor and explanations on a cluster, where each call has to stay in one slot. One node holds all slots: it refuses what
/// crosses them as any other would.</summary>
public sealed class TidiedClusterTests : IAsyncLifetime
{
    private TestServers? _servers;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _servers = await TestServers.StartAsync(new TestServersOptions { Controllable = true, RedisArguments = ["--cluster-enabled", "yes"] });
        await _servers.Redis.RunAsync("CLUSTER", "ADDSLOTSRANGE", "0", "16383");
        await Resilience.Eventually.HappensAsync(
            async () => ((string?)await _servers.Redis.RunAsync("CLUSTER", "INFO"))!.Contains("cluster_state:ok", StringComparison.Ordinal),
            "the cluster is ready");
    }

    [Fact]
    public async Task Each_partition_is_tidied_up_in_calls_of_its_own_and_keys_are_explained_where_they_are()
    {
        await using var host = await StoreHost.StartAsync(
            _servers!,
            options =>
            {
                options.JanitorInterval = TimeSpan.Zero;
                options.RedisConnectionString = _servers!.Redis.DirectConnectionString;
            });
        var session = host.Root.Redis!.Session!;
        Assert.Equal(16, session.Layout.Partitions.Count);
        await host.Store.InvalidateTagAsync("tag", Cancellation);
        for (var partition = 0; partition < 16; partition++)
        {
            await session.Database.SortedSetAddAsync(host.Generation.TagSet(partition, "tag"), "gone", 1);
            await session.Database.StringSetAsync(session.Layout.NameOf(partition, "e:7:a"), "x");
            await session.Database.SortedSetAddAsync(session.Layout.NameOf(partition, "t:7:tag"), "a", 1);
            await session.Database.SortedSetAddAsync(session.Layout.FencedTags(partition), "tag", 1);
        }

        await host.Store.GetAsync(
            "user:1",
            (context, _) =>
            {
                context.AddTag("kept");
                return ValueTask.FromResult(1);
            },
            cancellationToken: Cancellation);

        Assert.Equal(JanitorOutcome.Done, await host.Root.Janitor!.RunAsync(Cancellation));

        for (var partition = 0; partition < 16; partition++)
        {
            Assert.False(await session.Database.KeyExistsAsync(host.Generation.TagSet(partition, "tag")));
            Assert.False(await session.Database.KeyExistsAsync(session.Layout.NameOf(partition, "e:7:a")));
            Assert.False(await session.Database.KeyExistsAsync(session.Layout.NameOf(partition, "t:7:tag")));
            Assert.False(await session.Database.KeyExistsAsync(session.Layout.FencedTags(partition)));
        }

        var explanation = await host.Store.ExplainAsync("user:1", Cancellation);
        Assert.Equal(EntryVerdict.Hit, explanation.Verdict);
        Assert.Equal("kept", Assert.Single(explanation.Tags).Tag);
    }

    public async ValueTask DisposeAsync()
    {
        if (_servers is not null)
        {
            await _servers.DisposeAsync();
        }
    }
}
