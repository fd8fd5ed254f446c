using HybridStore.Servers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace HybridStore.IntegrationTests.Writing;

/// <summary>A failed invalidation never fails the write that it belongs to.</summary>
public sealed class PendingInvalidationTests(OwnServersFixture own) : IClassFixture<OwnServersFixture>
{
    private const int Abandoned = 1103;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private TestServers Servers => own.Servers;

    [Fact]
    public async Task A_write_succeeds_while_Redis_is_stopped_and_is_applied_when_it_is_back()
    {
        await own.RestoreAsync(Cancellation);
        await using var accounts = await Accounts.StartAsync(Servers);
        await accounts.CacheAsync(1);
        await Servers.Redis.StopAsync(Cancellation);

        var receipt = await SetAsync(accounts, 1, 200);

        Assert.Equal(InvalidationStatus.Pending, receipt.Status);
        Assert.NotNull(receipt.TransactionId);
        Assert.False(receipt.WhenApplied(Cancellation).IsCompleted);
        Assert.Equal(200, await accounts.ReadAsync(1));

        await Servers.Redis.StartAsync(Cancellation);
        await receipt.WhenApplied(Cancellation);
        Assert.Equal(InvalidationStatus.Applied, receipt.Status);
    }

    [Fact]
    public async Task An_entry_that_outlived_the_outage_is_not_served_before_its_invalidation_is_applied()
    {
        await own.RestoreAsync(Cancellation);
        await using var accounts = await Accounts.StartAsync(Servers);
        await accounts.CacheAsync(1, 2);
        Servers.Redis.Proxy.Cut();
        var byKey = await SetAsync(accounts, 1, 200);
        var byTag = await accounts.Store.WriteAsync(
            async (write, token) =>
            {
                await write.ExecuteAsync("update account set balance = 300 where id = 2", cancellationToken: token);
                write.InvalidateTag(Accounts.Tag);
            },
            cancellationToken: Cancellation);
        Assert.Equal(InvalidationStatus.Pending, byKey.Status);
        Assert.Equal(InvalidationStatus.Pending, byTag.Status);

        Assert.True(await accounts.IsCachedAsync(1));
        Servers.Redis.Proxy.Restore();

        Assert.Equal(200, await accounts.ReadAsync(1));
        Assert.Equal(300, await accounts.ReadAsync(2));
        await Task.WhenAll(byKey.WhenApplied(Cancellation), byTag.WhenApplied(Cancellation));
        Assert.Equal(200, await accounts.ReadAsync(1));
        Assert.Equal(300, await accounts.ReadAsync(2));
    }

    [Fact]
    public async Task The_wait_for_an_invalidation_can_be_cancelled_without_cancelling_it()
    {
        await own.RestoreAsync(Cancellation);
        await using var accounts = await Accounts.StartAsync(Servers);
        await Servers.Redis.StopAsync(Cancellation);
        var receipt = await SetAsync(accounts, 1, 200);
        using var impatient = new CancellationTokenSource();

        var waiting = receipt.WhenApplied(impatient.Token);
        await impatient.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await Servers.Redis.StartAsync(Cancellation);
        await receipt.WhenApplied(Cancellation);
    }

    [Fact]
    public async Task Disposing_the_store_applies_what_is_pending_once_Redis_answers_again()
    {
        await own.RestoreAsync(Cancellation);

        // The clock stands still, so that nothing is retried but when the test says so.
        var time = new FakeTimeProvider();
        var accounts = await Accounts.StartAsync(Servers, register: (services, _) => services.AddSingleton<TimeProvider>(time));
        await accounts.CacheAsync(1, 2);
        var (first, second) = (accounts.Host.EntryName(Accounts.Key(1)), accounts.Host.EntryName(Accounts.Key(2)));
        await RefuseWritesAsync(true);
        var early = await SetAsync(accounts, 1, 200);

        // One retry takes the first and fails; the second one comes behind it.
        var refusals = await RefusalsAsync();
        while (await RefusalsAsync() == refusals)
        {
            // Again and again, since whoever retries may not have begun to wait yet.
            time.Advance(TimeSpan.FromSeconds(1));
        }

        var late = await SetAsync(accounts, 2, 200);
        Assert.Equal(InvalidationStatus.Pending, early.Status);
        Assert.Equal(InvalidationStatus.Pending, late.Status);
        await RefuseWritesAsync(false);
        await accounts.DisposeAsync();

        Assert.Equal(InvalidationStatus.Applied, early.Status);
        Assert.Equal(InvalidationStatus.Applied, late.Status);
        Assert.Equal(0, (int)await Servers.Redis.RunAsync("EXISTS", (string)first!, (string)second!));
    }

    [Fact]
    public async Task Disposing_the_store_while_Redis_is_away_ends_the_wait_and_logs_how_many_were_left()
    {
        await own.RestoreAsync(Cancellation);
        var accounts = await Accounts.StartAsync(Servers);
        await Servers.Redis.StopAsync(Cancellation);
        var first = await SetAsync(accounts, 1, 200);
        var second = await SetAsync(accounts, 2, 200);
        var logs = accounts.Host.Logs;

        await accounts.DisposeAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first.WhenApplied(Cancellation));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second.WhenApplied(Cancellation));
        Assert.Equal(InvalidationStatus.Pending, first.Status);
        var entry = Assert.Single(logs.GetSnapshot(), entry => entry.Id == Abandoned);
        Assert.Contains("2 key(s)", entry.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_invalidation_that_comes_after_the_store_was_disposed_does_not_wait_for_ever()
    {
        await own.RestoreAsync(Cancellation);
        var accounts = await Accounts.StartAsync(Servers);
        var store = accounts.Store;
        await Servers.Redis.StopAsync(Cancellation);
        await accounts.DisposeAsync();

        var receipt = await store.InvalidateKeyAsync(Accounts.Key(1), Cancellation);

        Assert.Equal(InvalidationStatus.Pending, receipt.Status);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => receipt.WhenApplied(Cancellation));
    }

    [Fact]
    public async Task More_pending_names_than_the_queue_holds_empty_the_cache_when_Redis_is_back()
    {
        await own.RestoreAsync(Cancellation);
        await using var accounts = await Accounts.StartAsync(Servers, options => options.InvalidationRetry.Capacity = 3);
        for (var id = 1; id <= 8; id++)
        {
            await accounts.CacheAsync(id);
        }

        Servers.Redis.Proxy.Cut();
        var receipts = new List<WriteReceipt>();
        for (var id = 1; id <= 6; id++)
        {
            receipts.Add(await SetAsync(accounts, id, 200));
            Assert.Equal(200, await accounts.ReadAsync(id));
        }

        Servers.Redis.Proxy.Restore();
        await Task.WhenAll(receipts.Select(receipt => receipt.WhenApplied(Cancellation)));

        // Also those that nobody named: which ones were meant is forgotten.
        Assert.False(await accounts.IsCachedAsync(7));
        for (var id = 1; id <= 6; id++)
        {
            Assert.Equal(200, await accounts.ReadAsync(id));
        }
    }

    [Fact]
    public async Task A_write_before_Redis_was_ever_reached_is_applied_once_it_is()
    {
        await own.RestoreAsync(Cancellation);
        await Servers.Redis.StopAsync(Cancellation);
        await using var accounts = await Accounts.StartAsync(Servers, waitForRedis: false);

        var receipt = await SetAsync(accounts, 1, 200);
        Assert.Equal(InvalidationStatus.Pending, receipt.Status);
        await Servers.Redis.StartAsync(Cancellation);

        await receipt.WhenApplied(Cancellation);
        Assert.Equal(200, await accounts.ReadAsync(1));
    }

    private static Task<WriteReceipt> SetAsync(Accounts accounts, int id, int balance) => accounts.Store.WriteAsync(
        (write, token) => Accounts.SetAsync(write, id, balance, token), cancellationToken: Cancellation);

    /// <summary>Redis answers, but takes no write: no connection is lost, so none is restored.</summary>
    private async Task RefuseWritesAsync(bool refuse) =>
        await Servers.Redis.RunAsync("CONFIG", "SET", "min-replicas-to-write", refuse ? "1" : "0");

    private async Task<string> RefusalsAsync() => (await Servers.Redis.RunAsync("INFO", "errorstats")).ToString() is var all
        && all.Split('\n').FirstOrDefault(line => line.Contains("NOREPLICAS", StringComparison.Ordinal)) is { } line ? line : string.Empty;
}
