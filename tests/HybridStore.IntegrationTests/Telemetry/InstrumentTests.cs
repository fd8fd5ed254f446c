using HybridStore.IntegrationTests.Reading;
using HybridStore.IntegrationTests.Resilience;
using HybridStore.IntegrationTests.Writing;
using Microsoft.Extensions.DependencyInjection;

namespace HybridStore.IntegrationTests.Telemetry;

/// <summary>What each instrument measures, and by which tags.</summary>
public sealed class InstrumentTests(ServersFixture servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Reads_tell_outcome_policy_and_duration()
    {
        await using var host = await StartAsync();
        using var meter = new RecordedMeter(host);
        var prices = EntryOptions.Policy(PolicyNames.Price) with { Beta = 0 };
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        await host.Store.GetAsync("price", (_, _) => ValueTask.FromResult(1), prices, Cancellation);
        await raw.SettleAsync();
        await host.Store.GetAsync("price", (_, _) => ValueTask.FromResult(1), prices, Cancellation);
        await host.Store.GetAsync("stock", (_, _) => ValueTask.FromResult(1), EntryOptions.Never, Cancellation);

        (string?, string?)[] expected = [("miss", "price"), ("hit", "price"), ("not_cached", "default")];
        Assert.Equal(expected, meter.Of("hybridstore.reads").Select(read => (Tag(read, "outcome"), Tag(read, "policy"))));
        var durations = meter.Of("hybridstore.read.duration");
        Assert.Equal(expected, durations.Select(read => (Tag(read, "outcome"), Tag(read, "policy"))));
        Assert.All(durations, read =>
        {
            Assert.Equal("up", Tag(read, "redis.state"));
            Assert.Equal("default", Tag(read, "store"));
            Assert.InRange(read.Value, 0.000_001, 60);
        });
    }

    [Fact]
    public async Task Reads_while_redis_is_away_can_be_told_apart()
    {
        await using var link = RedisLink.To(servers.Redis, connected: false);
        await using var host = await StoreHost.StartAsync(
            servers,
            options => options.RedisConnectionString = link.ConnectionString,
            (services, _) => services.AddMetrics(),
            waitForRedis: false);
        using var meter = new RecordedMeter(host);

        await host.Store.GetAsync("key", (_, _) => ValueTask.FromResult(1), cancellationToken: Cancellation);

        var read = Assert.Single(meter.Of("hybridstore.read.duration"));
        Assert.Equal(("redis_unavailable", "down"), (Tag(read, "outcome"), Tag(read, "redis.state")));
        Assert.Empty(meter.Of("hybridstore.redis.duration"));
        Assert.Empty(meter.Of("hybridstore.misses"));
    }

    [Fact]
    public async Task A_failed_read_tells_what_failed_it()
    {
        await using var host = await StartAsync();
        using var meter = new RecordedMeter(host);

        await Assert.ThrowsAsync<InvalidOperationException>(async () => await host.Store.GetAsync<int>(
            "key", (_, _) => throw new InvalidOperationException(), cancellationToken: Cancellation));

        var load = Assert.Single(meter.Of("hybridstore.load.duration"));
        Assert.Equal(("failed", "System.InvalidOperationException"), (Tag(load, "result"), load.Tags["error.type"]));
        var read = Assert.Single(meter.Of("hybridstore.read.duration"));
        Assert.Equal(("miss", "System.InvalidOperationException"), (Tag(read, "outcome"), read.Tags["error.type"]));
    }

    [Fact]
    public async Task A_statement_that_postgresql_refuses_fails_by_its_sqlstate()
    {
        await using var host = await StartAsync();
        using var meter = new RecordedMeter(host);

        await Assert.ThrowsAsync<Npgsql.PostgresException>(
            async () => await host.Store.GetAsync<int>("key", "select * from nowhere", cancellationToken: Cancellation));

        Assert.Equal(["42P01"], meter.TagsOf("hybridstore.load.duration", "error.type"));
    }

    [Fact]
    public async Task A_load_that_nobody_waits_for_any_more_is_cancelled()
    {
        await using var host = await StartAsync();
        using var meter = new RecordedMeter(host);
        using var caller = new CancellationTokenSource();
        var load = new GatedLoad<int>(1);
        var reading = host.Store.GetAsync("key", load.RunAsync, cancellationToken: caller.Token).AsTask();
        await load.Started.WaitAsync(Cancellation);
        await caller.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);

        await Eventually.HappensAsync(() => meter.Of("hybridstore.load.duration").Count > 0, "the load ends");

        Assert.Equal(["cancelled"], meter.TagsOf("hybridstore.load.duration", "hybridstore.result"));
        Assert.Equal(["cold"], meter.TagsOf("hybridstore.misses", "hybridstore.cause"));
    }

    [Fact]
    public async Task A_miss_asks_redis_for_the_entry_a_lease_and_the_store()
    {
        await using var host = await StartAsync();
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        using var meter = new RecordedMeter(host);

        await host.Store.GetAsync("key", (_, _) => ValueTask.FromResult(1), cancellationToken: Cancellation);

        await Eventually.HappensAsync(() => meter.Of("hybridstore.entries.size").Count == 1, "the entry is stored");
        var calls = meter.Of("hybridstore.redis.duration").Where(call => Tag(call, "operation") != "generation").ToList();
        Assert.Equal(["read", "lease", "store"], calls.Select(call => Tag(call, "operation")));
        Assert.All(calls, call => Assert.Equal("ok", Tag(call, "result")));
        Assert.Equal(["granted"], meter.TagsOf("hybridstore.lease.wait.duration", "hybridstore.result"));
        Assert.Equal((await raw.EntryAsync("key"))!.Length, meter.Of("hybridstore.entries.size")[0].Value);
    }

    [Fact]
    public async Task Who_waits_for_another_process_is_coalesced_in_the_cluster()
    {
        await using var host = await StartAsync();
        await using var other = await StartAsync(besides: host);
        using var meter = new RecordedMeter(other);
        var load = new GatedLoad<int>(1);
        var loading = host.Store.GetAsync("key", load.RunAsync, cancellationToken: Cancellation).AsTask();
        await load.Started.WaitAsync(Cancellation);
        var waiting = other.Store.GetAsync("key", load.RunAsync, cancellationToken: Cancellation).AsTask();
        await Eventually.HappensAsync(
            () => meter.TagsOf("hybridstore.redis.duration", "hybridstore.operation").Contains("lease"), "the other asks for the lease");
        load.Release();

        await Task.WhenAll(loading, waiting);

        Assert.Equal(["cluster"], meter.TagsOf("hybridstore.coalesced", "hybridstore.scope"));
        Assert.Equal(["entry"], meter.TagsOf("hybridstore.lease.wait.duration", "hybridstore.result"));
        Assert.Equal(1, load.Runs);
    }

    [Fact]
    public async Task Writes_and_their_invalidations_are_measured()
    {
        await using var accounts = await Accounts.StartAsync(servers, register: (services, _) => services.AddMetrics());
        using var meter = new RecordedMeter(accounts.Host);
        await accounts.Store.WriteAsync(
            async (write, token) =>
            {
                await write.ExecuteAsync("update account set balance = 1 where id = 1", cancellationToken: token);
                write.Invalidate(Accounts.Key(1));
                write.InvalidateTag(Accounts.Tag);
            },
            new WriteOptions { Strict = true },
            Cancellation);
        await Assert.ThrowsAsync<InvalidOperationException>(() => accounts.Store.WriteAsync(
            (_, _) => throw new InvalidOperationException(), cancellationToken: Cancellation));
        await accounts.Store.InvalidateKeyAsync(Accounts.Key(2), Cancellation);
        await accounts.Store.FlushAsync(Cancellation);

        Assert.Equal(["committed", "rolled_back"], meter.TagsOf("hybridstore.write.duration", "hybridstore.result"));
        Assert.Equal(
            [("strict", "applied", 2d), ("write", "applied", 2d), ("application", "applied", 1d), ("flush", "applied", 1d)],
            meter.Of("hybridstore.invalidations").Select(names => (Tag(names, "source"), Tag(names, "result"), names.Value)));
    }

    [Fact]
    public async Task An_invalidation_that_redis_does_not_take_is_pending_and_then_applied_by_a_retry()
    {
        await using var link = RedisLink.To(servers.Redis);
        await using var host = await StoreHost.StartAsync(
            servers,
            options =>
            {
                options.RedisConnectionString = link.ConnectionString;
                options.RedisTimeout = TimeSpan.FromMilliseconds(300);
                options.CircuitBreaker.BreakDuration = TimeSpan.FromSeconds(0.5);
            },
            (services, _) => services.AddMetrics());
        using var meter = new RecordedMeter(host);
        link.Proxy.Cut();
        await Eventually.HappensAsync(
            async () =>
            {
                await host.Store.GetAsync("key", (_, _) => ValueTask.FromResult(1), cancellationToken: Cancellation);
                return host.Root.Redis!.Session!.Breakers[0].IsOpen;
            },
            "the circuit opens");
        meter.Observe();
        var receipt = await host.Store.InvalidateAsync(new Invalidation { Keys = ["a", "b"], Tags = ["c"] }, Cancellation);
        meter.Observe();
        link.Proxy.Restore();
        await receipt.WhenApplied(Cancellation);

        Assert.Equal(
            [("application", "pending", 3d), ("retry", "applied", 3d)],
            meter.Of("hybridstore.invalidations").Select(names => (Tag(names, "source"), Tag(names, "result"), names.Value)));
        Assert.Equal([0d, 3d], meter.Of("hybridstore.invalidations.pending").Select(pending => pending.Value));
        var circuits = meter.Of("hybridstore.redis.circuit").Take(3).ToDictionary(circuit => Tag(circuit, "state")!, circuit => circuit.Value);
        Assert.Equal(1, circuits["open"]);
        Assert.Equal(0, circuits["closed"]);
        Assert.Contains("failed", meter.TagsOf("hybridstore.redis.duration", "hybridstore.result"));
    }

    [Fact]
    public async Task An_early_refresh_tells_how_old_the_entry_was()
    {
        await using var host = await StartAsync();
        using var meter = new RecordedMeter(host);
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        var eager = new EntryOptions { TimeToLive = TimeSpan.FromSeconds(20), Jitter = 0, Beta = 100 };
        await host.Store.GetAsync("key", (_, _) => ValueTask.FromResult(1), eager, Cancellation);
        await raw.SettleAsync();
        await raw.Database.StringSetRangeAsync(raw.Name("key"), 20, new byte[] { 255, 255, 255, 255 });

        await host.Store.GetAsync("key", (_, _) => ValueTask.FromResult(1), eager, Cancellation);

        await Eventually.HappensAsync(() => meter.Of("hybridstore.refreshes").Count == 1, "the entry is refreshed");
        Assert.InRange(Assert.Single(meter.Of("hybridstore.refresh.age")).Value, 0, 20);
        Assert.Equal(["default"], meter.TagsOf("hybridstore.refreshes", "hybridstore.policy"));
    }

    [Fact]
    public async Task Values_that_are_not_stored_are_counted_by_reason_and_policy()
    {
        await using var host = await StartAsync();
        using var meter = new RecordedMeter(host);
        var options = EntryOptions.Policy(PolicyNames.Profile) with { MaximumPayloadBytes = 4 };

        await host.Store.GetAsync("key", (_, _) => ValueTask.FromResult("too large"), options, Cancellation);

        var stored = Assert.Single(meter.Of("hybridstore.stores"));
        Assert.Equal(("too_large", "profile"), (Tag(stored, "result"), Tag(stored, "policy")));
    }

    private static string? Tag(Measured measured, string name) => (string?)measured.Tags.GetValueOrDefault("hybridstore." + name);

    private Task<StoreHost> StartAsync(StoreHost? besides = null) =>
        StoreHost.StartAsync(servers, register: (services, _) => services.AddMetrics(), besides: besides);
}
