using HybridStore.IntegrationTests.Reading;
using HybridStore.IntegrationTests.Resilience;

namespace HybridStore.IntegrationTests.Explaining;

/// <summary>What is told where reads do not ask Redis, and where it does not answer.</summary>
public sealed class ExplainedBypassTests(ServersFixture servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task In_pass_through_mode_there_is_nothing_to_look_at()
    {
        await using var host = await StoreHost.StartAsync(servers, options => options.Mode = HybridStoreMode.PassThrough);

        var explanation = await host.Store.ExplainAsync("user:1", Cancellation);

        Assert.Equal(EntryVerdict.PassThrough, explanation.Verdict);
        Assert.Null(explanation.LookedAt);
        Assert.Null(explanation.Circuit);
        Assert.StartsWith("PassThrough:", explanation.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_view_that_skips_the_cache_says_so_and_what_is_there()
    {
        await using var host = await StoreHost.StartAsync(servers);
        await StoreAsync(host);

        var explanation = await host.Store.With(new ReadOptions { SkipCache = true }).ExplainAsync("user:1", Cancellation);

        Assert.Equal(EntryVerdict.NotCached, explanation.Verdict);
        Assert.NotNull(explanation.Entry);
    }

    [Fact]
    public async Task A_redis_that_was_never_reached_is_told()
    {
        await using var link = RedisLink.To(servers.Redis, connected: false);
        await using var host = await StoreHost.StartAsync(
            servers, options => options.RedisConnectionString = link.ConnectionString, waitForRedis: false);

        var explanation = await host.Store.ExplainAsync("user:1", Cancellation);

        Assert.Equal(EntryVerdict.RedisNeverReached, explanation.Verdict);
        Assert.Null(explanation.PhysicalName);
        link.Connect();
        await Eventually.HappensAsync(
            async () => (await host.Store.ExplainAsync("user:1", Cancellation)).LookedAt is not null, "Redis is reached");
    }

    [Fact]
    public async Task An_invalidation_that_waits_is_told_and_a_redis_that_is_away_does_not_fail_the_call()
    {
        await using var link = RedisLink.To(servers.Redis);
        await using var host = await StartAsync(link, failures: 1000);
        await StoreAsync(host);
        link.Proxy.Cut();
        var receipt = await host.Store.InvalidateKeyAsync("user:1", Cancellation);
        Assert.Equal(InvalidationStatus.Pending, receipt.Status);

        var pending = await host.Store.ExplainAsync("user:1", Cancellation);
        var other = await host.Store.ExplainAsync("user:2", Cancellation);

        Assert.Equal(EntryVerdict.InvalidationPending, pending.Verdict);
        Assert.True(pending.IsInvalidationPending);
        Assert.Equal(EntryVerdict.RedisFailed, other.Verdict);
        Assert.False(other.IsInvalidationPending);
        Assert.All([pending, other], explanation =>
        {
            Assert.Null(explanation.LookedAt);
            Assert.NotNull(explanation.RedisFailure);
            Assert.False(explanation.AreTagsComplete);
            Assert.DoesNotContain("user:1", explanation.RedisFailure, StringComparison.Ordinal);
            Assert.Contains(explanation.RedisFailure, explanation.ToString(), StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task An_open_circuit_is_told_together_with_what_redis_holds_once_it_answers()
    {
        await using var link = RedisLink.To(servers.Redis);
        await using var host = await StartAsync(link, failures: 1);
        await StoreAsync(host);
        link.Proxy.Cut();
        await host.Store.GetAsync("user:1", new NumberedLoads().RunAsync, cancellationToken: Cancellation);

        var away = await host.Store.ExplainAsync("user:1", Cancellation);
        link.Proxy.Restore();
        EntryExplanation? back = null;
        await Eventually.HappensAsync(
            async () => (back = await host.Store.ExplainAsync("user:1", Cancellation)).LookedAt is not null, "Redis answers again");

        Assert.Equal(EntryVerdict.CircuitOpen, away.Verdict);
        Assert.Equal(RedisCircuit.Open, away.Circuit);
        Assert.NotNull(away.RedisFailure);
        Assert.Equal(EntryVerdict.CircuitOpen, back!.Verdict);
        Assert.Null(back.RedisFailure);
        Assert.True(back.Entry!.IsReadable);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\nb")]
    [InlineData(null)]
    public async Task A_malformed_key_is_refused_as_by_a_read(string? key)
    {
        await using var cached = await StoreHost.StartAsync(servers);
        await using var passing = await StoreHost.StartAsync(servers, options => options.Mode = HybridStoreMode.PassThrough);
        foreach (var host in (StoreHost[])[cached, passing])
        {
            await Assert.ThrowsAnyAsync<ArgumentException>(() => host.Store.ExplainAsync(key!, Cancellation));
        }
    }

    [Fact]
    public async Task A_cancelled_call_ends()
    {
        await using var host = await StoreHost.StartAsync(servers);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => host.Store.ExplainAsync("user:1", new CancellationToken(canceled: true)));
    }

    private static async Task StoreAsync(StoreHost host)
    {
        await host.Store.GetAsync("user:1", (_, _) => ValueTask.FromResult(1), cancellationToken: Cancellation);
        await host.Root.Redis!.Session!.Database.PingAsync();
    }

    private Task<StoreHost> StartAsync(RedisLink link, int failures) => StoreHost.StartAsync(
        servers,
        options =>
        {
            options.RedisConnectionString = link.ConnectionString;
            options.CircuitBreaker.FailureThreshold = failures;
            options.CircuitBreaker.BreakDuration = TimeSpan.FromMinutes(10);
        });
}
