using System.Globalization;
using HybridStore.IntegrationTests.Reading;
using HybridStore.Redis.Inspecting;

namespace HybridStore.IntegrationTests.Explaining;

/// <summary>The search for a key's tags among more names than one call looks at.</summary>
public sealed class TagSearchTests(ServersFixture servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task All_tags_are_found_among_thousands_of_names()
    {
        await using var host = await StartAsync();

        var explanation = await host.Store.ExplainAsync("user:1", Cancellation);

        Assert.Equal(["first", "second", "tag*[?]\\", "{braces}"], explanation.Tags.Select(tag => tag.Tag));
        Assert.True(explanation.AreTagsComplete);
        Assert.Empty((await host.Store.ExplainAsync("user:2", Cancellation)).Tags);
    }

    [Fact]
    public async Task A_search_that_takes_too_long_ends_and_says_that_there_may_be_more()
    {
        await using var host = await StartAsync();
        var search = new TagSearch(new HastyTime());

        var (tags, isComplete) = await search.FindAsync(host.Root.Redis!.Session!, "user:1", host.Generation, Cancellation);

        Assert.False(isComplete);
        Assert.InRange(tags.Count, 0, 4);
    }

    private async Task<StoreHost> StartAsync()
    {
        var host = await StoreHost.StartAsync(servers);
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        var others = Enumerable.Range(0, 5000).Select(id => string.Create(CultureInfo.InvariantCulture, $"tag:{id}"));
        await Task.WhenAll(others.Select(tag => raw.Database.SortedSetAddAsync(raw.TagSet(0, tag), "user:3", 9999999999999)));
        await raw.Database.ListRightPushAsync(raw.TagSet(0, "no-set"), "user:1");
        await host.Store.GetAsync(
            "user:1",
            (context, _) =>
            {
                context.AddTags("first", "second", "{braces}", "tag*[?]\\");
                return ValueTask.FromResult(1);
            },
            cancellationToken: Cancellation);
        await raw.SettleAsync();
        return host;
    }

    /// <summary>A second passes whenever somebody looks.</summary>
    private sealed class HastyTime : TimeProvider
    {
        private long _now;

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => Interlocked.Increment(ref _now);
    }
}
