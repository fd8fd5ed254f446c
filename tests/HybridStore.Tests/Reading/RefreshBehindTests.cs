using System.Diagnostics;
using System.Transactions;
using HybridStore.Tests.Redis;
using Microsoft.Extensions.Logging;

namespace HybridStore.Tests.Reading;

/// <summary>Early refreshes, which nobody waits for.</summary>
public sealed class RefreshBehindTests : IDisposable
{
    private static readonly AsyncLocal<string?> Ambient = new();

    private readonly LoaderUnderTest _loader = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task However_many_callers_ask_one_refresh_runs_at_a_time()
    {
        var gate = new TaskCompletionSource<int>();
        var running = new TaskCompletionSource();
        var loads = 0;
        Task<int> LoadAsync(CancellationToken token)
        {
            Interlocked.Increment(ref loads);
            running.TrySetResult();
            return gate.Task;
        }

        await Task.WhenAll(Enumerable.Range(0, 64).Select(
            _ => Task.Run(() => _loader.RefreshBehind("key", LoadAsync), Cancellation)));
        await running.Task.WaitAsync(Cancellation);
        _loader.RefreshBehind("key", LoadAsync);
        gate.SetResult(42);

        Assert.Equal(1, loads);
    }

    [Fact]
    public async Task A_key_whose_lease_somebody_else_holds_is_not_refreshed()
    {
        _loader.Redis.LeaseAnswers.Enqueue(ScriptedRedis.Held);
        var refreshed = new TaskCompletionSource();

        _loader.RefreshBehind<int>("key", _ => throw new InvalidOperationException("refreshed"));
        while (!refreshed.Task.IsCompleted)
        {
            // The next one is let through once the first has given up.
            _loader.RefreshBehind("key", _ =>
            {
                refreshed.TrySetResult();
                return Task.FromResult(1);
            });
            await Task.Yield();
        }

        Assert.False(_loader.Logger.TryNext(out _));
    }

    [Fact]
    public async Task The_caller_does_not_run_the_load_itself()
    {
        var finished = new TaskCompletionSource();
        using var callerIsBack = new ManualResetEventSlim();

        // Would never return if the load ran in here.
        _loader.RefreshBehind("key", _ =>
        {
            callerIsBack.Wait(Cancellation);
            finished.SetResult();
            return Task.FromResult(1);
        });
        Assert.False(finished.Task.IsCompleted);
        callerIsBack.Set();

        await finished.Task.WaitAsync(Cancellation);
    }

    [Fact]
    public async Task A_failed_refresh_is_logged_and_the_key_can_be_read_and_refreshed_again()
    {
        var failure = new InvalidOperationException("no such table");

        _loader.RefreshBehind("key", _ => Task.FromException<int>(failure));

        var message = await _loader.Logger.NextAsync();
        Assert.Equal(1203, message.Id.Id);
        Assert.Equal(LogLevel.Warning, message.Level);
        Assert.Null(message.Error);
        Assert.Same(failure, (await _loader.Logger.NextAsync()).Error);
        Assert.Equal(0, _loader.Flights.Count);
        Assert.Equal(1, await _loader.ReadAsync("key", _ => Task.FromResult(1), Cancellation));
        var refreshed = new TaskCompletionSource();
        while (!refreshed.Task.IsCompleted)
        {
            _loader.RefreshBehind("key", _ =>
            {
                refreshed.TrySetResult();
                return Task.FromResult(2);
            });
            await Task.Yield();
        }
    }

    [Fact]
    public async Task A_refresh_inherits_nothing_of_its_callers_context()
    {
        var seen = new TaskCompletionSource<(string?, Transaction?, Activity?)>();
        Ambient.Value = "the caller's";
        using var activity = new Activity("request").Start();
        using (new TransactionScope(TransactionScopeAsyncFlowOption.Enabled))
        {
            Assert.NotNull(Transaction.Current);
            _loader.RefreshBehind("key", _ =>
            {
                seen.SetResult((Ambient.Value, Transaction.Current, Activity.Current));
                return Task.FromResult(1);
            });
        }

        var (ambient, transaction, current) = await seen.Task.WaitAsync(Cancellation);
        Assert.Null(ambient);
        Assert.Null(transaction);
        Assert.Null(current);
    }

    public void Dispose() => _loader.Dispose();
}
