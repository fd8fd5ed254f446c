using HybridStore.Fencing;
using HybridStore.Servers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Npgsql;

namespace HybridStore.IntegrationTests.Writing;

/// <summary>What strict writes do with their transaction and their receipt. What readers get meanwhile: Exploring.StrictWriteTests.</summary>
public sealed class StrictWriteTests(OwnServersFixture own) : IClassFixture<OwnServersFixture>
{
    private static readonly WriteOptions Strict = new() { Strict = true };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private TestServers Servers => own.Servers;

    [Fact]
    public async Task Fences_stand_in_Redis_before_COMMIT_is_sent()
    {
        await own.RestoreAsync(Cancellation);
        var gate = new StepGate(ProtocolStep.Commit);
        await using var accounts = await Accounts.StartAsync(
            Servers, options => options.Protocol = new ProtocolUnderTest { Gate = gate });
        await accounts.CacheAsync(1);

        var write = SetAsync(accounts, Strict);
        await gate.Reached.WaitAsync(Cancellation);

        Assert.False(await accounts.IsCachedAsync(1));
        Assert.Equal(100, await accounts.ReadAsync(1));
        Assert.Equal(100, await accounts.ReadAsync(1));
        Assert.False(await accounts.IsCachedAsync(1), "A load that does not reflect the write was stored.");
        gate.Open();
        var receipt = await write;
        Assert.True(receipt.IsStrict);
        Assert.Equal(InvalidationStatus.Applied, receipt.Status);
        Assert.Equal(900, await accounts.ReadAsync(1));
        await accounts.CacheAsync(1);
    }

    [Fact]
    public async Task Fences_of_before_COMMIT_are_kept_for_twice_FenceTtl()
    {
        await own.RestoreAsync(Cancellation);
        var gate = new StepGate(ProtocolStep.Commit);
        await using var accounts = await Accounts.StartAsync(
            Servers, options => options.Protocol = new ProtocolUnderTest { Gate = gate });
        var layout = accounts.Host.Root.Redis!.Session!.Layout;

        var write = accounts.Store.WriteAsync(
            async (write, token) =>
            {
                await Accounts.SetAsync(write, 1, 900, token);
                write.InvalidateTag(Accounts.Tag);
            },
            Strict,
            Cancellation);
        await gate.Reached.WaitAsync(Cancellation);

        // A COMMIT may take as long as FenceTtl, and a load that began just before it as long again.
        var least = TimeSpan.FromMinutes(2) * 1.9;
        var guard = (long)await Servers.Redis.RunAsync("PTTL", (string)layout.Guard(0, Accounts.Key(1))!);
        var tag = (long)await Servers.Redis.RunAsync("HGET", (string)layout.TagFences(0, Accounts.Tag)!, "x");
        var now = (long)(await Servers.Redis.RunAsync("TIME"))[0] * 1000;
        Assert.True(guard > least.TotalMilliseconds, $"The guard lives for {guard} ms.");
        Assert.True(tag - now > least.TotalMilliseconds, $"The tag's fences are kept for {tag - now} ms.");
        gate.Open();
        Assert.True((await write).IsStrict);
    }

    [Fact]
    public async Task A_write_that_is_not_strict_says_so()
    {
        await own.RestoreAsync(Cancellation);
        await using var accounts = await Accounts.StartAsync(Servers);

        Assert.False((await SetAsync(accounts, null)).IsStrict);
    }

    [Fact]
    public async Task Writes_are_strict_where_the_store_is_set_so_unless_they_say_otherwise()
    {
        await own.RestoreAsync(Cancellation);
        await using var accounts = await Accounts.StartAsync(Servers, options => options.StrictWrites = true);

        Assert.True((await SetAsync(accounts, null)).IsStrict);
        Assert.False((await SetAsync(accounts, new WriteOptions { Strict = false })).IsStrict);
    }

    [Fact]
    public async Task A_strict_write_that_wrote_nothing_needs_no_fences()
    {
        await own.RestoreAsync(Cancellation);
        await using var accounts = await Accounts.StartAsync(Servers);
        await accounts.CacheAsync(1);

        var receipt = await accounts.Store.WriteAsync(
            (write, _) =>
            {
                write.Invalidate(Accounts.Key(1));
                return Task.CompletedTask;
            },
            Strict,
            Cancellation);

        Assert.Null(receipt.TransactionId);
        Assert.True(receipt.IsStrict);
        Assert.False(await accounts.IsCachedAsync(1));
    }

    [Fact]
    public async Task Without_Redis_a_strict_write_is_committed_and_its_receipt_says_that_it_was_not_strict()
    {
        await own.RestoreAsync(Cancellation);
        await using var accounts = await Accounts.StartAsync(Servers);
        Servers.Redis.Proxy.Cut();

        var receipt = await SetAsync(accounts, Strict);

        Assert.False(receipt.IsStrict);
        Assert.Equal(InvalidationStatus.Pending, receipt.Status);
        Assert.Equal(900, await accounts.BalanceAsync(1));
        Assert.Contains(accounts.Host.Logs.GetSnapshot(), entry => entry.Level == LogLevel.Warning && entry.Id == 1403);
        Servers.Redis.Proxy.Restore();
        await receipt.WhenApplied(Cancellation);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Without_Redis_a_strict_write_that_is_to_abort_is_rolled_back_once_and_for_all(bool saysTheWrite)
    {
        await own.RestoreAsync(Cancellation);
        await using var accounts = await Accounts.StartAsync(
            Servers, options => options.OnFenceFailure = saysTheWrite ? OnFenceFailure.Proceed : OnFenceFailure.Abort);
        Servers.Redis.Proxy.Cut();
        var runs = 0;

        var error = await Assert.ThrowsAsync<FencesNotSetException>(() => accounts.Store.WriteAsync(
            (write, token) =>
            {
                runs++;
                return Accounts.SetAsync(write, 1, 900, token);
            },
            Strict with { MaxAttempts = 3, OnFenceFailure = saysTheWrite ? OnFenceFailure.Abort : null },
            Cancellation));

        Assert.Contains("OnFenceFailure.Proceed", error.Message, StringComparison.Ordinal);
        Assert.Equal(1, runs);
        Assert.Equal(100, await accounts.BalanceAsync(1));
    }

    [Fact]
    public async Task A_strict_write_that_PostgreSQL_refuses_at_COMMIT_leaves_the_key_to_loads_without_a_stamp_too()
    {
        await own.RestoreAsync(Cancellation);
        await using var accounts = await Accounts.StartAsync(Servers);
        await accounts.Host.ExecuteAsync("create table owner (id int primary key)");
        await accounts.Host.ExecuteAsync(
            "create table owned (id int references owner deferrable initially deferred)");

        var error = await Assert.ThrowsAsync<PostgresException>(() => accounts.Store.WriteAsync(
            async (write, token) =>
            {
                await write.ExecuteAsync("insert into owned values (1)", cancellationToken: token);
                write.Invalidate(Accounts.Key(1));
            },
            Strict,
            Cancellation));

        Assert.Equal(PostgresErrorCodes.ForeignKeyViolation, error.SqlState);
        for (var i = 0; i < 2; i++)
        {
            await accounts.Store.GetAsync(
                Accounts.Key(1), (LoadContext _, CancellationToken _) => ValueTask.FromResult(100), cancellationToken: Cancellation);
        }

        Assert.True(await accounts.IsCachedAsync(1));
    }

    [Fact]
    public async Task A_COMMIT_whose_answer_is_lost_while_it_hangs_lets_no_reader_cache_the_old_row()
    {
        await own.RestoreAsync(Cancellation);
        await using var accounts = await Accounts.StartAsync(Servers);
        await accounts.CacheAsync(1);
        var (write, backend) = CommitThatHangs(accounts);
        await Backend.UntilItWaitsAsync(accounts.Host.DataSource, await backend, "SyncRep");
        Servers.Postgres.Proxy.Cut();
        await Assert.ThrowsAsync<CommitOutcomeUnknownException>(() => write);
        Servers.Postgres.Proxy.Restore();
        accounts.Host.DataSource.Clear();

        // The server goes on to wait for its standby, and nobody sees the row.
        Assert.Equal(100, await accounts.ReadAsync(1));
        Assert.Equal(100, await accounts.ReadAsync(1));
        Assert.False(await accounts.IsCachedAsync(1));

        await Backend.TerminateAsync(accounts.Host.DataSource, await backend);
        while (await accounts.BalanceAsync(1) != 900)
        {
            // The server is asked again: nothing else tells that the row can be seen.
        }

        Assert.Equal(900, await accounts.ReadAsync(1));
    }

    [Fact]
    public async Task While_COMMIT_is_outstanding_the_fences_are_renewed()
    {
        await own.RestoreAsync(Cancellation);
        using var clock = new RenewalClock(TimeSpan.FromMinutes(1));
        var gate = new StepGate(null);
        await using var accounts = await Accounts.StartAsync(
            Servers,
            options =>
            {
                options.Protocol = new ProtocolUnderTest { Gate = gate };
                options.FenceTtl = TimeSpan.FromMinutes(3);
                options.RedisTimeout = TimeSpan.FromSeconds(59);
            },
            (services, _) => services.AddSingleton<TimeProvider>(clock));
        var (write, backend) = CommitThatHangs(accounts);
        await Backend.UntilItWaitsAsync(accounts.Host.DataSource, await backend, "SyncRep");
        Assert.Equal(1, gate.Count(ProtocolStep.Invalidate));

        // Longer than the fences of before COMMIT would be good for. A renewal is answered when the next one is waited for.
        for (var renewals = 1; renewals <= 4; renewals++)
        {
            await clock.Armed.WaitAsync(Cancellation);
            clock.Advance(TimeSpan.FromMinutes(1));
        }

        await clock.Armed.WaitAsync(Cancellation);
        Assert.Equal(5, gate.Count(ProtocolStep.Invalidate));
        await Backend.CancelAsync(accounts.Host.DataSource, await backend);
        var receipt = await write;
        Assert.True(receipt.IsStrict);
        Assert.Equal(6, gate.Count(ProtocolStep.Invalidate));
    }

    private static Task<WriteReceipt> SetAsync(Accounts accounts, WriteOptions? options) => accounts.Store.WriteAsync(
        (write, token) => Accounts.SetAsync(write, 1, 900, token), options, Cancellation);

    /// <summary>A strict write whose COMMIT waits for a standby that does not exist.</summary>
    private static (Task<WriteReceipt> Write, Task<int> Backend) CommitThatHangs(Accounts accounts)
    {
        var backend = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        var write = accounts.Store.WriteAsync(
            async (write, token) =>
            {
                await write.ExecuteAsync("set local synchronous_commit = on", cancellationToken: token);
                await Accounts.SetAsync(write, 1, 900, token);
                backend.SetResult(write.Connection.ProcessID);
            },
            Strict,
            Cancellation);
        return (write, backend.Task);
    }

    /// <summary>A clock that tells when somebody begins to wait for this long.</summary>
    private sealed class RenewalClock(TimeSpan watched) : FakeTimeProvider, IDisposable
    {
        public SemaphoreSlim Armed { get; } = new(0);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            if (dueTime == watched)
            {
                Armed.Release();
            }

            return timer;
        }

        public void Dispose() => Armed.Dispose();
    }
}
