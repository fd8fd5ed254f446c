using System.Diagnostics;
using HybridStore.IntegrationTests.Reading;
using HybridStore.IntegrationTests.Resilience;
using HybridStore.IntegrationTests.Writing;

namespace HybridStore.IntegrationTests.Telemetry;

public sealed class SpanTests(ServersFixture servers)
{
    private const string Key = "user:ada.lovelace@example.org";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_miss_is_a_read_with_a_load_inside_and_a_hit_a_read_alone()
    {
        await using var host = await StoreHost.StartAsync(servers);
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        using var spans = new RecordedSpans();
        await ReadAsync(host);
        await raw.SettleAsync();
        await ReadAsync(host);

        Assert.Equal(["hybridstore.load", "hybridstore.read", "hybridstore.read"], spans.Trace.Select(span => span.OperationName));
        var (load, miss, hit) = (spans.Trace[0], spans.Trace[1], spans.Trace[2]);
        Assert.Equal(miss.SpanId, load.ParentSpanId);
        Assert.Equal(spans.Root.SpanId, miss.ParentSpanId);
        Assert.Equal(spans.Root.SpanId, hit.ParentSpanId);
        Assert.Equal(("miss", "cold"), (miss.GetTagItem("hybridstore.outcome"), miss.GetTagItem("hybridstore.cause")));
        Assert.Equal(("hit", (object?)null), (hit.GetTagItem("hybridstore.outcome"), hit.GetTagItem("hybridstore.cause")));
        Assert.All(spans.Trace, span =>
        {
            Assert.Equal("default", span.GetTagItem("hybridstore.store"));
            Assert.Equal("profile", span.GetTagItem("hybridstore.policy"));
            Assert.Equal(ActivityStatusCode.Unset, span.Status);
        });
    }

    [Fact]
    public async Task The_caller_keeps_its_own_span()
    {
        await using var host = await StoreHost.StartAsync(servers);
        using var spans = new RecordedSpans();

        var reading = ReadAsync(host);
        Assert.Same(spans.Root, Activity.Current);
        await reading;

        Assert.Same(spans.Root, Activity.Current);
    }

    [Fact]
    public async Task What_a_load_calls_is_inside_of_its_span()
    {
        await using var host = await StoreHost.StartAsync(servers);
        using var spans = new RecordedSpans();
        Activity? inside = null;
        await host.Store.GetAsync(
            Key,
            (_, _) =>
            {
                inside = Activity.Current;
                return ValueTask.FromResult(1);
            },
            cancellationToken: Cancellation);

        Assert.Equal("hybridstore.load", inside?.OperationName);
    }

    [Fact]
    public async Task A_failed_load_is_an_error_by_type_and_says_nothing_else()
    {
        await using var host = await StoreHost.StartAsync(servers);
        using var spans = new RecordedSpans();

        await Assert.ThrowsAsync<InvalidOperationException>(async () => await host.Store.GetAsync<int>(
            Key, (_, _) => throw new InvalidOperationException(Key), cancellationToken: Cancellation));

        Assert.Equal(["hybridstore.load", "hybridstore.read"], spans.Trace.Select(span => span.OperationName));
        Assert.All(spans.Trace, span =>
        {
            Assert.Equal((ActivityStatusCode.Error, null), (span.Status, span.StatusDescription));
            Assert.Equal("System.InvalidOperationException", span.GetTagItem("error.type"));
            Assert.Empty(span.Events);
        });
        AssertTellNothing(spans);
    }

    [Fact]
    public async Task A_write_has_its_fences_and_its_invalidation_inside()
    {
        await using var accounts = await Accounts.StartAsync(servers);
        using var spans = new RecordedSpans();
        await accounts.Store.WriteAsync(
            async (write, token) =>
            {
                await write.ExecuteAsync("update account set balance = 1 where id = 1", cancellationToken: token);
                write.Invalidate(Key);
            },
            new WriteOptions { Strict = true },
            Cancellation);
        await accounts.Store.InvalidateKeyAsync(Key, Cancellation);

        var write = Assert.Single(spans.Trace, span => span.OperationName == "hybridstore.write");
        Assert.Equal("committed", write.GetTagItem("hybridstore.result"));
        var invalidations = spans.Trace.Where(span => span.OperationName == "hybridstore.invalidate").ToList();
        Assert.Equal(
            [("strict", write.SpanId), ("write", write.SpanId), ("application", spans.Root.SpanId)],
            invalidations.Select(span => ((string?)span.GetTagItem("hybridstore.source"), span.ParentSpanId)));
        Assert.All(invalidations, span =>
            Assert.Equal(("applied", 1), (span.GetTagItem("hybridstore.result"), span.GetTagItem("hybridstore.names"))));
        AssertTellNothing(spans);
    }

    [Fact]
    public async Task A_write_that_is_rolled_back_is_an_error()
    {
        await using var accounts = await Accounts.StartAsync(servers);
        using var spans = new RecordedSpans();

        await Assert.ThrowsAsync<Npgsql.PostgresException>(() => accounts.Store.WriteAsync(
            async (write, token) => await write.ExecuteAsync("update nothing set a = 1", cancellationToken: token),
            cancellationToken: Cancellation));

        var write = Assert.Single(spans.Trace);
        Assert.Equal(("rolled_back", "42P01"), (write.GetTagItem("hybridstore.result"), write.GetTagItem("error.type")));
        Assert.Equal(ActivityStatusCode.Error, write.Status);
    }

    [Fact]
    public async Task A_refresh_is_a_trace_of_its_own_with_a_link_to_the_read()
    {
        await using var host = await StoreHost.StartAsync(servers);
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        var eager = new EntryOptions { TimeToLive = TimeSpan.FromSeconds(20), Jitter = 0, Beta = 100 };
        await host.Store.GetAsync(Key, (_, _) => ValueTask.FromResult(1), eager, Cancellation);
        await raw.SettleAsync();
        await raw.Database.StringSetRangeAsync(raw.Name(Key), 20, new byte[] { 255, 255, 255, 255 });
        using var spans = new RecordedSpans();

        await host.Store.GetAsync(Key, (_, _) => ValueTask.FromResult(2), eager, Cancellation);

        await Eventually.HappensAsync(() => spans.Linked.Count > 0, "the refresh ends");
        var read = Assert.Single(spans.Trace);
        var refresh = Assert.Single(spans.Linked);
        Assert.Equal(("hybridstore.refresh", default(ActivitySpanId)), (refresh.OperationName, refresh.ParentSpanId));
        Assert.Equal(read.SpanId, Assert.Single(refresh.Links).Context.SpanId);
        Assert.Equal(
            [("hybridstore.load", refresh.SpanId)],
            spans.InTraceOf(refresh).Where(span => span != refresh).Select(span => (span.OperationName, span.ParentSpanId)));
    }

    [Fact]
    public async Task A_listener_that_samples_nothing_changes_nothing()
    {
        using var listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == HybridStoreTelemetry.ActivitySourceName,
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.None,
        };
        ActivitySource.AddActivityListener(listener);
        await using var host = await StoreHost.StartAsync(servers);

        Assert.Equal("Ada", await ReadAsync(host));
        Assert.Equal("Ada", await ReadAsync(host));
    }

    private static void AssertTellNothing(RecordedSpans spans) => Assert.All(
        spans.Trace,
        span =>
        {
            var text = $"{span.DisplayName} {span.StatusDescription} {string.Join(' ', span.TagObjects)}";
            Assert.DoesNotContain("lovelace", text, StringComparison.Ordinal);
        });

    private static ValueTask<string> ReadAsync(StoreHost host) => host.Store.GetAsync(
        Key, (_, _) => ValueTask.FromResult("Ada"), EntryOptions.Policy(PolicyNames.Profile) with { Beta = 0 }, Cancellation);
}
