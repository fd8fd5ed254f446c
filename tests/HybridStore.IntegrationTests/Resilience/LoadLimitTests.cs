using HybridStore.Diagnostics.Health;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace HybridStore.IntegrationTests.Resilience;

/// <summary>Loads that run because Redis is away, against a limit.</summary>
[Collection(nameof(DisturbedServers))]
public sealed class LoadLimitTests(DisturbedServers servers) : IAsyncLifetime
{
    private static readonly EntryOptions Uncached = EntryOptions.Never;

    private readonly CountedLoads _loads = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => servers.RepairAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task While_Redis_is_away_no_more_than_the_limit_run_and_all_readers_are_answered()
    {
        const int limit = 4;
        await using var host = await StartAsync(options =>
        {
            options.LoadLimiter.MaxConcurrentLoads = limit;
            options.CircuitBreaker.FailureThreshold = 1;
        });
        await servers.Redis.StopAsync(Cancellation);

        // Before the first failure nobody knows that it is away, least of all those who do not ask it.
        await Eventually.HappensAsync(
            async () =>
            {
                await host.Store.GetAsync("first", (_, _) => new ValueTask<int>(1), cancellationToken: Cancellation);
                return host.Root.Gateway!.IsAway("first");
            },
            "the circuit opens");

        await Task.WhenAll(Enumerable.Range(0, 64).Select(caller => Task.Run(
            async () =>
            {
                for (var read = 0; read < 5; read++)
                {
                    // Some of them are never cached; they use the same pool.
                    await host.Store.GetAsync(
                        $"row:{caller}:{read}", _loads.SleepAsync, caller % 4 == 0 ? Uncached : null, Cancellation);
                }
            },
            Cancellation)));

        Assert.Equal(64 * 5, _loads.Runs);
        Assert.InRange(_loads.Most, 1, limit);
    }

    [Fact]
    public async Task While_Redis_serves_loads_are_not_limited()
    {
        await using var host = await StartAsync(options => options.LoadLimiter.MaxConcurrentLoads = 1);
        using var both = new Barrier(2);

        // Each waits for the other.
        await Task.WhenAll(Enumerable.Range(0, 2).Select(caller => Task.Run(
            async () => await host.Store.GetAsync(
                $"key:{caller}",
                (_, _) => new ValueTask<bool>(both.SignalAndWait(TimeSpan.FromMinutes(1), Cancellation)),
                cancellationToken: Cancellation),
            Cancellation)));

        Assert.Equal(1, both.CurrentPhaseNumber);
    }

    [Fact]
    public async Task A_load_within_a_load_is_part_of_its_permit()
    {
        await using var host = await StartAsync(Strictest);
        await servers.Redis.StopAsync(Cancellation);

        var outer = await host.Store.GetAsync(
            "outer",
            async (_, token) => await host.Store.GetAsync("inner", (_, _) => new ValueTask<int>(41), cancellationToken: token) + 1,
            cancellationToken: Cancellation);

        Assert.Equal(42, outer);
        Assert.Equal(0, host.Root.Limiter.Running);
    }

    [Fact]
    public async Task A_read_within_a_write_does_not_wait_with_its_transaction_open()
    {
        await using var host = await StartAsync(Strictest);
        await servers.Redis.StopAsync(Cancellation);
        var (held, holder) = await HoldAsync(host);

        await host.Store.WriteAsync(
            async (write, token) =>
            {
                Assert.Equal(7, await host.Store.GetAsync("price", (_, _) => new ValueTask<int>(7), cancellationToken: token));
                await write.ExecuteAsync("select 1", cancellationToken: token);
            },
            cancellationToken: Cancellation);

        held.SetResult();
        await holder;
    }

    [Fact]
    public async Task A_read_within_a_write_does_not_join_those_who_wait_for_their_turn()
    {
        await using var host = await StartAsync(options => options.LoadLimiter.MaxConcurrentLoads = 1);
        await servers.Redis.StopAsync(Cancellation);
        var (held, holder) = await HoldAsync(host);
        var waiting = host.Store.GetAsync("price", (_, _) => new ValueTask<int>(7), cancellationToken: Cancellation).AsTask();
        await Eventually.HappensAsync(() => host.Root.Limiter.Queued == 1, "a load waits for its turn");

        await host.Store.WriteAsync(
            async (_, token) =>
                Assert.Equal(7, await host.Store.GetAsync("price", (_, _) => new ValueTask<int>(7), cancellationToken: token)),
            cancellationToken: Cancellation);

        Assert.False(waiting.IsCompleted);
        held.SetResult();
        await holder;
        Assert.Equal(7, await waiting);
    }

    [Fact]
    public async Task A_miss_whose_lease_Redis_refuses_is_limited()
    {
        await using var host = await StartAsync(Strictest);
        var (held, holder) = await HoldAsync(host);
        await servers.Redis.RunAsync("ACL", "SETUSER", "default", "-eval", "-evalsha");
        try
        {
            await Assert.ThrowsAsync<HybridStoreOverloadedException>(
                () => host.Store.GetAsync("other", _loads.SleepAsync, cancellationToken: Cancellation).AsTask());
        }
        finally
        {
            await servers.Redis.RunAsync("ACL", "SETUSER", "default", "+@all");
        }

        held.SetResult();
        await holder;
    }

    [Fact]
    public async Task Those_who_ask_for_the_same_key_share_one_load_and_none_is_turned_away()
    {
        await using var host = await StartAsync(Strictest);
        await servers.Redis.StopAsync(Cancellation);
        var (held, holder) = await HoldAsync(host, "shared");

        var readers = Enumerable.Range(0, 32).Select(
            _ => host.Store.GetAsync("shared", (_, _) => new ValueTask<int>(2), cancellationToken: Cancellation).AsTask()).ToArray();
        held.SetResult();

        // Who came after the load had begun takes the next one, which is one for all of them.
        Assert.All(await Task.WhenAll(readers), value => Assert.Equal(2, value));
        Assert.Equal(1, await holder);
    }

    [Fact]
    public async Task Who_finds_no_place_is_turned_away_without_a_query()
    {
        await using var host = await StartAsync(Strictest);
        await servers.Redis.StopAsync(Cancellation);
        var (held, holder) = await HoldAsync(host);

        var refusal = await Assert.ThrowsAsync<HybridStoreOverloadedException>(
            () => host.Store.GetAsync("other", _loads.SleepAsync, cancellationToken: Cancellation).AsTask());

        Assert.Equal(1, refusal.MaxConcurrentLoads);
        Assert.Equal(0, _loads.Runs);
        var health = await new LimiterProbe(host.Root.Limiter).ProbeAsync(Cancellation);
        Assert.Equal(HealthStatus.Degraded, health.Status);
        Assert.Contains(("loads.rejected", (object)1L), health.Data);
        held.SetResult();
        await holder;

        // Nothing is left behind by it.
        await host.Store.GetAsync("other", _loads.SleepAsync, cancellationToken: Cancellation);
        Assert.Equal((1, 0), (_loads.Runs, host.Root.Limiter.Running));
    }

    [Fact]
    public async Task Under_a_limit_that_always_holds_a_load_that_is_turned_away_gives_its_lease_back()
    {
        await using var host = await StartAsync(options =>
        {
            Strictest(options);
            options.LoadLimiter.Always = true;
        });
        var (held, holder) = await HoldAsync(host);
        await Assert.ThrowsAsync<HybridStoreOverloadedException>(
            () => host.Store.GetAsync("other", _loads.SleepAsync, cancellationToken: Cancellation).AsTask());
        held.SetResult();
        await holder;
        await host.SettleAsync();

        // It is granted again at once: this value is stored.
        await host.Store.GetAsync("other", _loads.SleepAsync, cancellationToken: Cancellation);
        await host.SettleAsync();
        await host.Store.GetAsync("other", _loads.SleepAsync, cancellationToken: Cancellation);
        Assert.Equal(1, _loads.Runs);
    }

    private static void Strictest(HybridStoreOptions options)
    {
        options.LoadLimiter.MaxConcurrentLoads = 1;
        options.LoadLimiter.MaxQueuedLoads = 0;
    }

    /// <summary>A load that has its permit, and keeps it until it is let go.</summary>
    private static async Task<(TaskCompletionSource Held, Task<int> Holder)> HoldAsync(StoreHost host, string key = "held")
    {
        var (started, held) = (new TaskCompletionSource(), new TaskCompletionSource());
        var holder = host.Store.GetAsync(
            key,
            async (_, token) =>
            {
                started.TrySetResult();
                await held.Task.WaitAsync(token);
                return 1;
            },
            cancellationToken: Cancellation).AsTask();
        await started.Task.WaitAsync(Cancellation);
        return (held, holder);
    }

    private Task<StoreHost> StartAsync(Action<HybridStoreOptions> configure) => StoreHost.StartAsync(servers.Servers, configure);
}
