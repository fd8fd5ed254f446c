using HybridStore.IntegrationTests.Reading;
using HybridStore.Resilience;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Polly.CircuitBreaker;

namespace HybridStore.IntegrationTests.Resilience;

/// <summary>The circuit breaker between the store and a real server, with time that moves only when told.</summary>
[Collection(nameof(DisturbedServers))]
public sealed class OpenCircuitTests(DisturbedServers servers) : IAsyncLifetime
{
    private const int Callers = 32;

    // The harness's time-out, and a moment more.
    private static readonly TimeSpan PastTimeout = TimeSpan.FromSeconds(2.1);

    private readonly FakeTimeProvider _time = new();
    private readonly NumberedLoads _loads = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => servers.RepairAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task Three_unanswered_reads_open_it_and_then_a_read_makes_no_call()
    {
        await using var host = await StartAsync();
        servers.Redis.Proxy.Replies.Stall();
        for (var failure = 0; failure < 3; failure++)
        {
            Assert.Equal(CircuitState.Closed, Breaker(host).State);
            await ReadUnansweredAsync(host, failure);
        }

        Assert.Equal(CircuitState.Open, Breaker(host).State);
        var (gets, bytes) = (await servers.CallsOfAsync("get"), servers.Redis.Proxy.BytesUpstream);
        for (var read = 0; read < 50; read++)
        {
            await host.Store.GetAsync($"key:{read}", _loads.RunAsync, cancellationToken: Cancellation);
        }

        Assert.Equal(gets, await servers.CallsOfAsync("get"));
        Assert.Equal(bytes, servers.Redis.Proxy.BytesUpstream);
        Assert.Equal(53, _loads.Runs);
    }

    [Fact]
    public async Task After_the_break_one_of_many_readers_probes()
    {
        await using var host = await StartAsync();
        servers.Redis.Proxy.Replies.Stall();
        for (var failure = 0; failure < 3; failure++)
        {
            await ReadUnansweredAsync(host, failure);
        }

        // A probe that fails: all but the prober are served at once, and the circuit opens again.
        _time.Advance(TimeSpan.FromSeconds(30));
        var gets = await servers.CallsOfAsync("get");
        var readers = Enumerable.Range(0, Callers).Select(id => ReadAsync(host, id)).ToArray();
        await Eventually.HappensAsync(async () => await servers.CallsOfAsync("get") > gets, "the probe reaches Redis");
        await Eventually.HappensAsync(() => readers.Count(reader => reader.IsCompleted) == Callers - 1, "the others are served");
        _time.Advance(PastTimeout);
        await Task.WhenAll(readers);
        Assert.Equal(gets + 1, await servers.CallsOfAsync("get"));
        Assert.Equal(CircuitState.Open, Breaker(host).State);
        await ReadAsync(host, 0);
        Assert.Equal(gets + 1, await servers.CallsOfAsync("get"));

        // A probe that is answered.
        servers.Redis.Proxy.Restore();
        _time.Advance(TimeSpan.FromSeconds(30));
        await ReadAsync(host, 0);

        Assert.Equal(CircuitState.Closed, Breaker(host).State);
        var runs = _loads.Runs;
        await ReadAsync(host, 100);
        await ReadAsync(host, 100);
        Assert.Equal(runs + 1, _loads.Runs);
    }

    [Fact]
    public async Task An_answer_between_failures_starts_the_count_again()
    {
        await using var host = await StartAsync();
        for (var round = 0; round < 3; round++)
        {
            servers.Redis.Proxy.Replies.Stall();
            await ReadUnansweredAsync(host, round);
            await ReadUnansweredAsync(host, round);
            servers.Redis.Proxy.Restore();
            await ReadAsync(host, 1000 + round);
        }

        Assert.Equal(CircuitState.Closed, Breaker(host).State);
    }

    [Fact]
    public async Task An_invalidation_meets_the_open_circuit_and_is_applied_by_a_retry_of_its_own()
    {
        await using var host = await StartAsync();
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        await ReadAsync(host, 7);
        await raw.SettleAsync();
        servers.Redis.Proxy.Replies.Stall();
        for (var failure = 0; failure < 3; failure++)
        {
            await ReadUnansweredAsync(host, failure);
        }

        var receipt = await host.Store.InvalidateKeyAsync("key:7", Cancellation);
        Assert.Equal(InvalidationStatus.Pending, receipt.Status);
        servers.Redis.Proxy.Restore();

        // Seconds before any read may probe.
        await Eventually.HappensAsync(
            () =>
            {
                _time.Advance(TimeSpan.FromMilliseconds(200));
                return receipt.Status == InvalidationStatus.Applied;
            },
            "the invalidation is applied");
        await receipt.WhenApplied(Cancellation);
        Assert.False(await raw.Database.KeyExistsAsync(raw.Name("key:7")));
    }

    [Fact]
    public async Task When_it_closes_what_waits_to_be_invalidated_is_tried_at_once()
    {
        await using var host = await StartAsync(options =>
        {
            // Far beyond the break.
            options.InvalidationRetry.InitialDelay = TimeSpan.FromMinutes(1);
            options.InvalidationRetry.MaximumDelay = TimeSpan.FromMinutes(1);
        });
        await ReadAsync(host, 7);
        await host.SettleAsync();
        servers.Redis.Proxy.Replies.Stall();
        for (var failure = 0; failure < 3; failure++)
        {
            await ReadUnansweredAsync(host, failure);
        }

        var receipt = await host.Store.InvalidateKeyAsync("key:7", Cancellation);
        servers.Redis.Proxy.Restore();
        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(InvalidationStatus.Pending, receipt.Status);

        await ReadAsync(host, 100);

        Assert.Equal(CircuitState.Closed, Breaker(host).State);
        await receipt.WhenApplied(Cancellation).WaitAsync(TimeSpan.FromMinutes(1), Cancellation);
    }

    private static RedisCircuitBreaker Breaker(StoreHost host) => host.Root.Redis!.Session!.Breakers[0];

    private Task<int> ReadAsync(StoreHost host, int id) =>
        host.Store.GetAsync($"key:{id}", _loads.RunAsync, cancellationToken: Cancellation).AsTask();

    private async Task ReadUnansweredAsync(StoreHost host, int id)
    {
        // The time-out's timer is set when the call returns its task; the client writes a little later.
        var gets = await servers.CallsOfAsync("get");
        var reading = ReadAsync(host, id);
        Assert.False(reading.IsCompleted);
        await Eventually.HappensAsync(async () => await servers.CallsOfAsync("get") > gets, "the read reaches Redis");
        _time.Advance(PastTimeout);
        await reading;
    }

    private Task<StoreHost> StartAsync(Action<HybridStoreOptions>? configure = null) =>
        StoreHost.StartAsync(servers.Servers, configure, (services, _) => services.AddSingleton<TimeProvider>(_time));
}
