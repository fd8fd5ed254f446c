using System.Diagnostics.Metrics;
using HybridStore.Redis;
using HybridStore.Servers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;

namespace HybridStore.IntegrationTests.Writing;

/// <summary>A load that is older than a write does not store behind its invalidation. Each test is one order of events that did.</summary>
public sealed class DetachedLoadTests(OwnServersFixture own) : IClassFixture<OwnServersFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private TestServers Servers => own.Servers;

    [Fact]
    public async Task A_load_that_began_before_a_write_answers_its_caller_and_is_not_stored()
    {
        await own.RestoreAsync(Cancellation);
        await using var accounts = await Accounts.StartAsync(Servers);
        var (loaded, mayReturn) = (NewGate(), NewGate());

        var old = GatedReadAsync(accounts, loaded, mayReturn, Cancellation);
        await loaded.Task;
        await SetAsync(accounts, 200);
        Assert.Equal(200, await accounts.ReadAsync(1));
        mayReturn.SetResult();

        Assert.Equal(100, await old);
        Assert.Equal(200, await accounts.ReadAsync(1));
    }

    [Fact]
    public async Task A_load_whose_callers_have_all_gone_is_not_stored_behind_a_write()
    {
        await own.RestoreAsync(Cancellation);
        await using var accounts = await Accounts.StartAsync(
            Servers, register: static (services, _) => services.AddMetrics());
        using var stores = StoresOf(accounts);
        var (loaded, mayReturn) = (NewGate(), NewGate());
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);

        // A load that takes no notice of its token, as many do.
        var abandoned = GatedReadAsync(accounts, loaded, mayReturn, gone.Token);
        await loaded.Task;
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => abandoned);

        // The next caller finds the abandoned load in its way, and starts another one; then comes the write.
        Assert.Equal(100, await accounts.ReadAsync(1));
        await SetAsync(accounts, 200);
        mayReturn.SetResult();
        await stores.WaitForMeasurementsAsync(2, Cancellation);

        Assert.Equal(200, await accounts.ReadAsync(1));
        Assert.Equal(["stored", "detached"], stores.GetMeasurementSnapshot().Take(2).Select(store => store.Tags["hybridstore.result"]));
    }

    [Fact]
    public async Task A_store_is_not_sent_again_behind_an_invalidation_when_Redis_has_forgotten_its_script()
    {
        await own.RestoreAsync(Cancellation);
        await using var accounts = await Accounts.StartAsync(
            Servers, register: static (services, _) => services.AddMetrics());
        using var stores = StoresOf(accounts);
        await accounts.CacheAsync(1);
        await accounts.Store.InvalidateKeyAsync(Accounts.Key(1), Cancellation);

        // Only the script of invalidations is known to Redis now.
        await Servers.Redis.RunAsync("SCRIPT", "FLUSH");
        await Servers.Redis.RunAsync("SCRIPT", "LOAD", RedisScript.Invalidate.For(accounts.Host.Root.Redis!.Session!.KnowsScriptFlags));
        using var held = Servers.Redis.Proxy.HoldReply("EVAL");
        var old = accounts.ReadAsync(1);
        await held.Arrived.WaitAsync(Cancellation);

        // Redis has answered the store, and the client does not know yet; the invalidation is made behind it.
        var removals = await RemovalsAsync();
        var write = SetAsync(accounts, 200);
        while (await RemovalsAsync() == removals)
        {
        }

        held.Release();
        await write;
        Assert.Equal(100, await old);
        await stores.WaitForMeasurementsAsync(2, Cancellation);

        Assert.Equal(200, await accounts.ReadAsync(1));
    }

    private static Task<WriteReceipt> SetAsync(Accounts accounts, int balance) => accounts.Store.WriteAsync(
        (write, token) => Accounts.SetAsync(write, 1, balance, token), cancellationToken: Cancellation);

    /// <summary>Reads the row, and returns it when it may.</summary>
    private static Task<int> GatedReadAsync(
        Accounts accounts, TaskCompletionSource loaded, TaskCompletionSource mayReturn, CancellationToken cancellationToken) =>
        accounts.Store.GetAsync(
            Accounts.Key(1),
            async (context, _) =>
            {
                var balance = await context.ExecuteScalarAsync<int>("select balance from account where id = 1", cancellationToken: Cancellation);
                loaded.SetResult();
                await mayReturn.Task;
                return balance;
            },
            cancellationToken: cancellationToken).AsTask();

    /// <summary>What became of loaded values.</summary>
    private static MetricCollector<long> StoresOf(Accounts accounts) => new(
        accounts.Host.Services.GetRequiredService<IMeterFactory>(), "HybridStore", "hybridstore.stores");

    private async Task<string?> RemovalsAsync() => (await Servers.Redis.RunAsync("INFO", "commandstats")).ToString()
        .Split('\n').FirstOrDefault(line => line.StartsWith("cmdstat_unlink:", StringComparison.Ordinal))?.Split(',')[0];

    private static TaskCompletionSource NewGate() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
