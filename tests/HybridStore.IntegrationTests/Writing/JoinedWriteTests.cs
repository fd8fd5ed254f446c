using System.Data;
using HybridStore.Fencing;

namespace HybridStore.IntegrationTests.Writing;

/// <summary>Writes that are begun inside another one.</summary>
public sealed class JoinedWriteTests(ServersFixture servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_nested_write_is_committed_and_invalidated_with_the_outer_one()
    {
        await using var accounts = await Accounts.StartAsync(servers);
        await accounts.CacheAsync(1, 2);
        WriteReceipt? nested = null;

        var outer = await accounts.Store.WriteAsync(
            async (write, token) =>
            {
                await Accounts.SetAsync(write, 1, 50, token);
                nested = await SetAsync(accounts, 2, 150);
                Assert.Equal(100, await accounts.BalanceAsync(2));
                Assert.True(await accounts.IsCachedAsync(2));
            },
            cancellationToken: Cancellation);

        Assert.Equal(outer.TransactionId, nested!.TransactionId);
        Assert.Equal(InvalidationStatus.Applied, nested.Status);
        Assert.Equal((50, 150), (await accounts.ReadAsync(1), await accounts.ReadAsync(2)));
    }

    [Fact]
    public async Task A_nested_write_can_return_a_result_before_the_outer_one_is_committed()
    {
        await using var accounts = await Accounts.StartAsync(servers);
        WriteReceipt<int>? nested = null;

        await accounts.Store.WriteAsync(
            async (_, _) => nested = await accounts.Store.WriteAsync<int>(
                (inner, token) => inner.ExecuteAsync("update account set balance = 0", cancellationToken: token),
                cancellationToken: Cancellation),
            cancellationToken: Cancellation);

        Assert.Equal(16, nested!.Result);
        Assert.NotNull(nested.TransactionId);
    }

    [Fact]
    public async Task A_nested_write_that_fails_takes_the_outer_one_with_it_even_if_its_exception_is_caught()
    {
        await using var accounts = await Accounts.StartAsync(servers);
        await accounts.CacheAsync(1);

        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => accounts.Store.WriteAsync(
            async (write, token) =>
            {
                await Accounts.SetAsync(write, 1, 900, token);
                await Assert.ThrowsAsync<TimeZoneNotFoundException>(() => accounts.Store.WriteAsync(
                    (_, _) => throw new TimeZoneNotFoundException(), cancellationToken: token));
            },
            cancellationToken: Cancellation));

        Assert.Contains("NewTransaction", error.Message, StringComparison.Ordinal);
        Assert.Equal(100, await accounts.BalanceAsync(1));
        Assert.True(await accounts.IsCachedAsync(1));
    }

    [Fact]
    public async Task The_receipt_of_a_nested_write_ends_cancelled_when_the_outer_one_is_rolled_back()
    {
        await using var accounts = await Accounts.StartAsync(servers);
        WriteReceipt? nested = null;

        await Assert.ThrowsAsync<TimeZoneNotFoundException>(() => accounts.Store.WriteAsync(
            async (_, _) =>
            {
                nested = await SetAsync(accounts, 1, 900);
                throw new TimeZoneNotFoundException();
            },
            cancellationToken: Cancellation));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => nested!.WhenApplied(Cancellation));
        Assert.Equal(InvalidationStatus.Pending, nested!.Status);
        Assert.Null(nested.TransactionId);
        Assert.Equal(100, await accounts.BalanceAsync(1));
    }

    [Fact]
    public async Task A_write_that_asks_for_a_transaction_of_its_own_is_committed_whatever_becomes_of_the_outer_one()
    {
        await using var accounts = await Accounts.StartAsync(servers);

        await Assert.ThrowsAsync<TimeZoneNotFoundException>(() => accounts.Store.WriteAsync(
            async (_, _) =>
            {
                var own = await accounts.Store.WriteAsync(
                    (write, token) => Accounts.SetAsync(write, 1, 900, token),
                    new WriteOptions { NewTransaction = true },
                    Cancellation);
                Assert.Equal(InvalidationStatus.Applied, own.Status);
                throw new TimeZoneNotFoundException();
            },
            cancellationToken: Cancellation));

        Assert.Equal(900, await accounts.BalanceAsync(1));
    }

    [Fact]
    public async Task A_nested_write_that_asks_for_another_isolation_level_is_refused()
    {
        await using var accounts = await Accounts.StartAsync(servers);

        await Assert.ThrowsAsync<InvalidOperationException>(() => accounts.Store.WriteAsync(
            (_, _) => accounts.Store.WriteAsync(
                (write, token) => Accounts.SetAsync(write, 1, 900, token),
                new WriteOptions { IsolationLevel = IsolationLevel.Serializable },
                Cancellation),
            cancellationToken: Cancellation));

        Assert.Equal(100, await accounts.BalanceAsync(1));
    }

    [Fact]
    public async Task The_whole_is_strict_if_a_nested_write_asks_for_it()
    {
        await using var accounts = await Accounts.StartAsync(servers);

        var receipt = await accounts.Store.WriteAsync(
            (_, _) => accounts.Store.WriteAsync(
                (write, token) => Accounts.SetAsync(write, 1, 900, token), new WriteOptions { Strict = true }, Cancellation),
            cancellationToken: Cancellation);

        Assert.True(receipt.IsStrict);
    }

    [Fact]
    public async Task What_runs_on_in_the_flow_of_a_write_that_has_ended_writes_by_itself()
    {
        var gate = new StepGate(ProtocolStep.Commit);
        await using var accounts = await Accounts.StartAsync(
            servers, options => options.Protocol = new ProtocolUnderTest { Gate = gate });
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<WriteReceipt>? later = null;
        var write = accounts.Store.WriteAsync(
            (_, _) =>
            {
                later = LaterAsync();
                return Task.CompletedTask;
            },
            cancellationToken: Cancellation);
        await gate.Reached.WaitAsync(Cancellation);
        gate.Open();
        await write;

        ended.SetResult();
        var receipt = await later!;

        Assert.Equal(InvalidationStatus.Applied, receipt.Status);
        Assert.Equal(900, await accounts.BalanceAsync(1));

        async Task<WriteReceipt> LaterAsync()
        {
            await ended.Task;
            return await SetAsync(accounts, 1, 900);
        }
    }

    [Fact]
    public async Task A_nested_write_is_repeated_with_the_outer_one()
    {
        await using var accounts = await Accounts.StartAsync(servers);
        var runs = 0;

        var receipt = await accounts.Store.WriteAsync(
            (_, _) => accounts.Store.WriteAsync(
                async (write, token) =>
                {
                    await Accounts.SetAsync(write, 1, 900, token);
                    if (++runs == 1)
                    {
                        await write.ExecuteAsync("do $$ begin raise exception 'conflict' using errcode = '40001'; end $$", cancellationToken: token);
                    }
                },
                cancellationToken: Cancellation),
            new WriteOptions { MaxAttempts = 2 },
            Cancellation);

        Assert.Equal(2, runs);
        Assert.Equal(InvalidationStatus.Applied, receipt.Status);
        Assert.Equal(900, await accounts.BalanceAsync(1));
    }

    private static Task<WriteReceipt> SetAsync(Accounts accounts, int id, int balance) => accounts.Store.WriteAsync(
        (write, token) => Accounts.SetAsync(write, id, balance, token), cancellationToken: Cancellation);
}
