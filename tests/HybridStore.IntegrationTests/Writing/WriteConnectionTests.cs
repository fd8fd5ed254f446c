using System.Data;
using Npgsql;

namespace HybridStore.IntegrationTests.Writing;

/// <summary>The pool has one connection: a write that kept it would be the last one.</summary>
public sealed class WriteConnectionTests(ServersFixture servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_write_gives_its_connection_back()
    {
        await using var accounts = await StartAsync();

        await AssertPoolServesAsync(accounts);

        Assert.Equal(20, await accounts.ReadAsync(1));
    }

    [Theory]
    [InlineData("select 1 / 0")]
    [InlineData("commit")]
    [InlineData("rollback")]
    [InlineData("select pg_terminate_backend(pg_backend_pid())")]
    [InlineData("insert into entry values (999)")]
    [InlineData("")]
    public async Task A_write_that_failed_gives_its_connection_back(string sql)
    {
        await using var accounts = await StartAsync();
        await accounts.Host.ExecuteAsync(
            "create table entry (account_id int references account (id) deferrable initially deferred)");

        Assert.NotNull(await Record.ExceptionAsync(() => accounts.Store.WriteAsync(
            async (write, token) =>
            {
                await Accounts.SetAsync(write, 1, 0, token);
                await write.ExecuteAsync(sql, cancellationToken: token);
            },
            cancellationToken: Cancellation)));

        await AssertPoolServesAsync(accounts);
    }

    [Fact]
    public async Task A_write_that_left_a_reader_open_gives_its_connection_back()
    {
        await using var accounts = await StartAsync();

        Assert.NotNull(await Record.ExceptionAsync(() => accounts.Store.WriteAsync(
            async (write, token) => await new NpgsqlCommand("select 1", write.Connection).ExecuteReaderAsync(token),
            cancellationToken: Cancellation)));

        await AssertPoolServesAsync(accounts);
    }

    [Fact]
    public async Task A_cancelled_write_gives_its_connection_back()
    {
        await using var accounts = await StartAsync();
        using var cancelled = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => accounts.Store.WriteAsync(
            async (write, token) =>
            {
                await Accounts.SetAsync(write, 1, 0, token);
                await cancelled.CancelAsync();
            },
            cancellationToken: cancelled.Token));

        await AssertPoolServesAsync(accounts);
    }

    [Fact]
    public async Task An_isolation_level_that_does_not_exist_gives_the_connection_back()
    {
        await using var accounts = await StartAsync();

        await Assert.ThrowsAnyAsync<Exception>(() => accounts.Store.WriteAsync(
            (_, _) => Task.CompletedTask, new WriteOptions { IsolationLevel = IsolationLevel.Chaos }, Cancellation));

        await AssertPoolServesAsync(accounts);
    }

    private Task<Accounts> StartAsync() =>
        Accounts.StartAsync(servers, options => options.PostgresConnectionString += ";Maximum Pool Size=1;Timeout=20");

    private static async Task AssertPoolServesAsync(Accounts accounts)
    {
        for (var balance = 1; balance <= 20; balance++)
        {
            var expected = balance;
            var receipt = await accounts.Store.WriteAsync(
                (write, token) => Accounts.SetAsync(write, 1, expected, token), cancellationToken: Cancellation);
            Assert.NotNull(receipt.TransactionId);
        }

        Assert.Equal(20, await accounts.BalanceAsync(1));
    }
}
