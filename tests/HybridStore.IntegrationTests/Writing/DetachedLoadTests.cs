using System.Diagnostics.Metrics;
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
        Assert.Equal(["stored", "refused_lease_lost"], stores.GetMeasurementSnapshot().Take(2).Select(store => store.Tags["hybridstore.result"]));
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

    private static TaskCompletionSource NewGate() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
