namespace HybridStore.IntegrationTests.Writing;

/// <summary>A callback that ends the transaction itself is told so, and the cache is right all the same.</summary>
public sealed class SelfEndedTransactionTests(ServersFixture servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("commit by the client")]
    [InlineData("commit by SQL")]
    public async Task A_callback_that_commits_by_itself_is_refused_and_what_it_named_is_invalidated(string how)
    {
        await using var accounts = await Accounts.StartAsync(servers);
        await accounts.CacheAsync(1);

        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => accounts.Store.WriteAsync(
            async (write, token) =>
            {
                await Accounts.SetAsync(write, 1, 3, token);
                await (how == "commit by SQL"
                    ? write.ExecuteAsync("commit", cancellationToken: token)
                    : write.Transaction.CommitAsync(token));
            },
            cancellationToken: Cancellation));

        Assert.Contains("ended its transaction", error.Message, StringComparison.Ordinal);
        Assert.False(await accounts.IsCachedAsync(1));
        Assert.Equal(3, await accounts.ReadAsync(1));
    }

    [Fact]
    public async Task An_exception_after_a_commit_of_the_callback_surfaces_and_what_it_named_is_invalidated()
    {
        await using var accounts = await Accounts.StartAsync(servers);
        await accounts.CacheAsync(1);

        await Assert.ThrowsAsync<TimeoutException>(() => accounts.Store.WriteAsync(
            async (write, token) =>
            {
                await Accounts.SetAsync(write, 1, 3, token);
                await write.Transaction.CommitAsync(token);
                throw new TimeoutException();
            },
            cancellationToken: Cancellation));

        Assert.Equal(3, await accounts.ReadAsync(1));
    }

    [Fact]
    public async Task A_callback_that_rolls_back_by_itself_is_refused()
    {
        await using var accounts = await Accounts.StartAsync(servers);

        await Assert.ThrowsAsync<InvalidOperationException>(() => accounts.Store.WriteAsync(
            async (write, token) =>
            {
                await Accounts.SetAsync(write, 1, 3, token);
                await write.Transaction.RollbackAsync(token);
            },
            cancellationToken: Cancellation));

        Assert.Equal(100, await accounts.BalanceAsync(1));
        Assert.Equal(100, await accounts.ReadAsync(1));
    }

    [Fact]
    public async Task A_callback_that_disposes_the_transaction_is_refused()
    {
        await using var accounts = await Accounts.StartAsync(servers);

        await Assert.ThrowsAsync<InvalidOperationException>(() => accounts.Store.WriteAsync(
            async (write, token) =>
            {
                await Accounts.SetAsync(write, 1, 3, token);
                await write.Transaction.DisposeAsync();
            },
            cancellationToken: Cancellation));

        Assert.Equal(100, await accounts.BalanceAsync(1));
    }

    [Fact]
    public async Task A_callback_that_disposes_the_connection_is_refused_and_rolled_back()
    {
        await using var accounts = await Accounts.StartAsync(servers);

        await Assert.ThrowsAsync<InvalidOperationException>(() => accounts.Store.WriteAsync(
            async (write, token) =>
            {
                await Accounts.SetAsync(write, 1, 3, token);
                await write.Connection.DisposeAsync();
            },
            cancellationToken: Cancellation));

        Assert.Equal(100, await accounts.BalanceAsync(1));
    }
}
