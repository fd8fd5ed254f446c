using HybridStore.Servers;
using Microsoft.Extensions.Logging;

namespace HybridStore.IntegrationTests.Writing;

public sealed class UnknownCommitOutcomeTests(OwnServersFixture own) : IClassFixture<OwnServersFixture>
{
    // With the zero that ends it in the protocol: "read committed" has it too, behind BEGIN.
    private const string CommitRequest = "COMMIT\0";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private TestServers Servers => own.Servers;

    [Fact]
    public async Task A_commit_whose_answer_is_lost_is_reported_as_unknown_and_invalidated()
    {
        await own.RestoreAsync(Cancellation);
        await using var accounts = await StartWithEntryAsync();
        var cut = Servers.Postgres.Proxy.CutReplyAfterRequest(CommitRequest);

        var error = await Assert.ThrowsAsync<CommitOutcomeUnknownException>(() => SetAsync(accounts, 900));

        await cut.WaitAsync(Cancellation);
        Assert.Equal(900, await accounts.BalanceAsync(1));
        Assert.Equal(InvalidationStatus.Applied, error.Invalidation.Status);
        Assert.NotNull(error.InnerException);
        Assert.False(await accounts.IsCachedAsync(1));
        Assert.Equal(900, await accounts.ReadAsync(1));
        Assert.Contains(accounts.Host.Logs.GetSnapshot(), entry => entry.Level == LogLevel.Error && entry.Id == 1401);
    }

    [Fact]
    public async Task A_commit_that_never_arrives_is_reported_the_same_way_and_leaves_the_old_row()
    {
        await own.RestoreAsync(Cancellation);
        await using var accounts = await StartWithEntryAsync();
        var cut = Servers.Postgres.Proxy.CutBeforeRequest(CommitRequest);

        var error = await Assert.ThrowsAsync<CommitOutcomeUnknownException>(() => SetAsync(accounts, 900));

        await cut.WaitAsync(Cancellation);
        Assert.Equal(InvalidationStatus.Applied, error.Invalidation.Status);
        Assert.False(await accounts.IsCachedAsync(1));
        Assert.Equal(100, await accounts.ReadAsync(1));
    }

    [Fact]
    public async Task An_unknown_outcome_is_not_repeated()
    {
        await own.RestoreAsync(Cancellation);
        await using var accounts = await StartWithEntryAsync();
        _ = Servers.Postgres.Proxy.CutReplyAfterRequest(CommitRequest);
        var runs = 0;

        await Assert.ThrowsAsync<CommitOutcomeUnknownException>(() => accounts.Store.WriteAsync(
            async (write, token) =>
            {
                runs++;
                await Accounts.SetAsync(write, 1, 900, token);
            },
            new WriteOptions { MaxAttempts = 5 },
            Cancellation));

        Assert.Equal(1, runs);
    }

    [Fact]
    public async Task An_unknown_outcome_while_Redis_is_away_is_invalidated_when_Redis_is_back()
    {
        await own.RestoreAsync(Cancellation);
        await using var accounts = await StartWithEntryAsync();

        // Cut off, not stopped: the entry must still be there afterwards.
        Servers.Redis.Proxy.Cut();
        _ = Servers.Postgres.Proxy.CutReplyAfterRequest(CommitRequest);
        var error = await Assert.ThrowsAsync<CommitOutcomeUnknownException>(() => SetAsync(accounts, 900));

        Assert.Equal(InvalidationStatus.Pending, error.Invalidation.Status);
        Assert.True(await accounts.IsCachedAsync(1));
        Assert.Equal(900, await accounts.ReadAsync(1));
        Servers.Redis.Proxy.Restore();
        await error.Invalidation.WhenApplied(Cancellation);
        Assert.Equal(InvalidationStatus.Applied, error.Invalidation.Status);
        Assert.Equal(900, await accounts.ReadAsync(1));
    }

    [Fact]
    public async Task A_backend_that_dies_during_the_commit_leaves_an_unknown_outcome_and_is_invalidated()
    {
        await own.RestoreAsync(Cancellation);
        await using var accounts = await StartWithEntryAsync();
        var (write, backend) = CommitThatHangs(accounts);
        await Backend.UntilItWaitsAsync(accounts.Host.DataSource, await backend, "SyncRep");

        await Backend.TerminateAsync(accounts.Host.DataSource, await backend);

        // "The transaction has already committed locally", says PostgreSQL, and then FATAL.
        var error = await Assert.ThrowsAsync<CommitOutcomeUnknownException>(() => write);
        Assert.Equal(InvalidationStatus.Applied, error.Invalidation.Status);
        Assert.Equal(900, await accounts.BalanceAsync(1));
        Assert.Equal(900, await accounts.ReadAsync(1));
    }

    [Fact]
    public async Task A_server_killed_during_the_commit_leaves_an_unknown_outcome_and_is_invalidated()
    {
        await own.RestoreAsync(Cancellation);
        await using var accounts = await StartWithEntryAsync();
        var (write, backend) = CommitThatHangs(accounts);
        await Backend.UntilItWaitsAsync(accounts.Host.DataSource, await backend, "SyncRep");

        await Servers.Postgres.KillAsync(Cancellation);

        var error = await Assert.ThrowsAsync<CommitOutcomeUnknownException>(() => write);
        Assert.Equal(InvalidationStatus.Applied, error.Invalidation.Status);
        Assert.False(await accounts.IsCachedAsync(1));
        await Servers.Postgres.StartAsync(Cancellation);
        accounts.Host.DataSource.Clear();
        Assert.Equal(await accounts.BalanceAsync(1), await accounts.ReadAsync(1));
    }

    [Fact]
    public async Task A_commit_that_outlasts_the_command_time_out_ends_committed_or_unknown_and_is_invalidated()
    {
        await own.RestoreAsync(Cancellation);
        await using var accounts = await StartWithEntryAsync(";Command Timeout=1");
        var (write, _) = CommitThatHangs(accounts);

        // The client asks PostgreSQL to stop, which ends the wait for the standby and not the commit.
        var error = await Record.ExceptionAsync(() => write);

        Assert.True(error is null or CommitOutcomeUnknownException, error?.ToString());
        Assert.Equal(900, await accounts.BalanceAsync(1));
        Assert.Equal(900, await accounts.ReadAsync(1));
    }

    [Fact]
    public async Task Cancellation_after_COMMIT_was_sent_comes_too_late()
    {
        await own.RestoreAsync(Cancellation);
        await using var accounts = await StartWithEntryAsync();
        using var cancelled = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        using var held = Servers.Postgres.Proxy.HoldReply(CommitRequest);

        var write = accounts.Store.WriteAsync(
            (write, token) => Accounts.SetAsync(write, 1, 900, token), cancellationToken: cancelled.Token);
        await held.Arrived.WaitAsync(Cancellation);
        await cancelled.CancelAsync();
        held.Release();

        Assert.Equal(InvalidationStatus.Applied, (await write).Status);
        Assert.Equal(900, await accounts.ReadAsync(1));
    }

    private static Task<WriteReceipt> SetAsync(Accounts accounts, int balance) => accounts.Store.WriteAsync(
        (write, token) => Accounts.SetAsync(write, 1, balance, token), cancellationToken: Cancellation);

    /// <summary>A write whose COMMIT waits for a standby that does not exist.</summary>
    private static (Task Write, Task<int> Backend) CommitThatHangs(Accounts accounts)
    {
        var backend = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        var write = accounts.Store.WriteAsync(
            async (write, token) =>
            {
                await write.ExecuteAsync("set local synchronous_commit = on", cancellationToken: token);
                await Accounts.SetAsync(write, 1, 900, token);
                backend.SetResult(write.Connection.ProcessID);
            },
            cancellationToken: Cancellation);
        return (write, backend.Task);
    }

    private async Task<Accounts> StartWithEntryAsync(string connectionSettings = "")
    {
        var accounts = await Accounts.StartAsync(Servers, options => options.PostgresConnectionString += connectionSettings);
        await accounts.CacheAsync(1);
        return accounts;
    }
}
