using System.Data;
using Npgsql;

namespace HybridStore.IntegrationTests.Writing;

public sealed class RepeatedWriteTests(ServersFixture servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_serialization_failure_is_not_repeated_unless_asked()
    {
        await using var accounts = await Accounts.StartAsync(servers);

        var (error, runs) = await ConflictAsync(accounts, maxAttempts: 1);

        Assert.Equal(PostgresErrorCodes.SerializationFailure, Assert.IsType<PostgresException>(error).SqlState);
        Assert.Equal(1, runs);
        Assert.Equal(110, await accounts.BalanceAsync(1));
    }

    [Fact]
    public async Task A_serialization_failure_is_repeated_when_asked_and_sees_the_other_writer()
    {
        await using var accounts = await Accounts.StartAsync(servers);
        await accounts.CacheAsync(1);

        var (error, runs) = await ConflictAsync(accounts, maxAttempts: 2);

        Assert.Null(error);
        Assert.Equal(2, runs);
        Assert.Equal(111, await accounts.ReadAsync(1));
    }

    [Fact]
    public async Task A_serialization_failure_inside_another_exception_is_repeated_too()
    {
        await using var accounts = await Accounts.StartAsync(servers);

        // As EF Core does: DbUpdateException around PostgresException.
        var (error, runs) = await ConflictAsync(accounts, maxAttempts: 2, wrap: inner => new InvalidOperationException("Wrapped.", inner));

        Assert.Null(error);
        Assert.Equal(2, runs);
    }

    [Fact]
    public async Task A_serialization_failure_found_at_the_commit_is_repeated_when_asked()
    {
        await using var accounts = await Accounts.StartAsync(servers);
        var runs = 0;
        var options = new WriteOptions { IsolationLevel = IsolationLevel.Serializable, MaxAttempts = 2 };

        // Write skew: each reads both and writes one. The second to commit cannot be put in any order with the first.
        var receipt = await accounts.Store.WriteAsync<int>(
            async (write, token) =>
            {
                var sum = await write.ExecuteScalarAsync<int>("select sum(balance)::int from account", cancellationToken: token);
                await Accounts.SetAsync(write, 1, sum, token);
                if (Interlocked.Increment(ref runs) == 1)
                {
                    await accounts.Store.WriteAsync(
                        async (other, otherToken) =>
                        {
                            var same = await other.ExecuteScalarAsync<int>(
                                "select sum(balance)::int from account", cancellationToken: otherToken);
                            await Accounts.SetAsync(other, 2, same, otherToken);
                        },
                        options with { NewTransaction = true },
                        token);
                }

                return sum;
            },
            options,
            Cancellation);

        Assert.Equal(2, runs);
        Assert.Equal(1600 - 100 + 1600, receipt.Result);
        Assert.Equal(receipt.Result, await accounts.BalanceAsync(1));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 0)]
    public async Task The_victim_of_a_deadlock_is_repeated_only_when_asked(int maxAttempts, int failures)
    {
        await using var accounts = await Accounts.StartAsync(
            servers, options => options.PostgresConnectionString += ";Options=-c deadlock_timeout=50ms");
        TaskCompletionSource[] bothHold = [NewGate(), NewGate()];
        TaskCompletionSource[] ended = [NewGate(), NewGate()];
        var runs = 0;
        var options = new WriteOptions { MaxAttempts = maxAttempts };
        async Task<Exception?> WriterAsync(int first, int second)
        {
            var outcome = await Caught(accounts.Store.WriteAsync(
                async (write, token) =>
                {
                    Interlocked.Increment(ref runs);
                    if (bothHold[first - 1].Task.IsCompleted)
                    {
                        // A repetition that is quicker than the other writer would meet it again.
                        await ended[second - 1].Task.WaitAsync(token);
                    }

                    await Accounts.SetAsync(write, first, 0, token);
                    bothHold[first - 1].TrySetResult();
                    await Task.WhenAll(bothHold.Select(gate => gate.Task)).WaitAsync(token);
                    await Accounts.SetAsync(write, second, 0, token);
                },
                options,
                Cancellation));
            ended[first - 1].SetResult();
            return outcome;
        }

        var outcomes = await Task.WhenAll(WriterAsync(1, 2), WriterAsync(2, 1));

        var errors = outcomes.OfType<PostgresException>().ToList();
        Assert.Equal(failures, outcomes.Count(outcome => outcome is not null));
        Assert.All(errors, error => Assert.Equal(PostgresErrorCodes.DeadlockDetected, error.SqlState));
        Assert.Equal(failures, errors.Count);
        Assert.Equal(failures == 0 ? 3 : 2, runs);
    }

    [Theory]
    [InlineData("insert into account values (1, 1)", PostgresErrorCodes.UniqueViolation)]
    [InlineData("insert into account values (null, 1)", PostgresErrorCodes.NotNullViolation)]
    [InlineData("select 1 / 0", PostgresErrorCodes.DivisionByZero)]
    public async Task Other_errors_are_never_repeated(string sql, string sqlState)
    {
        await using var accounts = await Accounts.StartAsync(servers);
        var runs = 0;

        var error = await Assert.ThrowsAsync<PostgresException>(() => accounts.Store.WriteAsync(
            (write, token) =>
            {
                runs++;
                return write.ExecuteAsync(sql, cancellationToken: token);
            },
            new WriteOptions { MaxAttempts = 5 },
            Cancellation));

        Assert.Equal(sqlState, error.SqlState);
        Assert.Equal(1, runs);
    }

    [Fact]
    public async Task Attempts_end_at_their_number()
    {
        await using var accounts = await Accounts.StartAsync(servers);
        var runs = 0;

        await Assert.ThrowsAsync<PostgresException>(() => accounts.Store.WriteAsync(
            (write, token) =>
            {
                runs++;
                return write.ExecuteAsync(
                    "do $$ begin raise exception 'conflict' using errcode = 'serialization_failure'; end $$", cancellationToken: token);
            },
            new WriteOptions { MaxAttempts = 4 },
            Cancellation));

        Assert.Equal(4, runs);
    }

    [Fact]
    public async Task Only_the_names_of_the_attempt_that_committed_are_invalidated()
    {
        await using var accounts = await Accounts.StartAsync(servers);
        await accounts.CacheAsync(1, 2);
        var runs = 0;

        await accounts.Store.WriteAsync(
            async (write, token) =>
            {
                write.Invalidate(Accounts.Key(++runs));
                if (runs == 1)
                {
                    await write.ExecuteAsync(
                        "do $$ begin raise exception 'conflict' using errcode = 'deadlock_detected'; end $$", cancellationToken: token);
                }
            },
            new WriteOptions { MaxAttempts = 2 },
            Cancellation);

        Assert.True(await accounts.IsCachedAsync(1));
        Assert.False(await accounts.IsCachedAsync(2));
    }

    /// <summary>A writer takes its snapshot, another one commits a change of the same row, and then the first one writes it.</summary>
    private static async Task<(Exception? Error, int Runs)> ConflictAsync(
        Accounts accounts, int maxAttempts, Func<Exception, Exception>? wrap = null)
    {
        var runs = 0;
        var error = await Caught(accounts.Store.WriteAsync(
            async (write, token) =>
            {
                runs++;
                await write.ExecuteScalarAsync<int>("select balance from account where id = 1", cancellationToken: token);
                if (runs == 1)
                {
                    await accounts.Store.WriteAsync(
                        (other, otherToken) => Accounts.SetAsync(other, 1, 110, otherToken),
                        new WriteOptions { NewTransaction = true },
                        token);
                }

                write.Invalidate(Accounts.Key(1));
                try
                {
                    await write.ExecuteAsync("update account set balance = balance + 1 where id = 1", cancellationToken: token);
                }
                catch (PostgresException inner) when (wrap is not null)
                {
                    throw wrap(inner);
                }
            },
            new WriteOptions { IsolationLevel = IsolationLevel.RepeatableRead, MaxAttempts = maxAttempts },
            Cancellation));
        return (error, runs);
    }

    private static Task<Exception?> Caught(Task task) => Record.ExceptionAsync(() => task).AsTask();

    private static TaskCompletionSource NewGate() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
