using System.Diagnostics;
using System.Transactions;
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
        var joiner = _loader.ReadAsync("key", LoadAsync, Cancellation);
        gate.SetResult(42);

        Assert.Equal(42, await joiner);
        Assert.Equal(1, loads);
        Assert.Equal(0, _loader.Flights.Count);
    }

    [Fact]
    public async Task A_key_that_is_being_loaded_is_not_refreshed()
    {
        var gate = new TaskCompletionSource<int>();
        var reader = _loader.ReadAsync("key", _ => gate.Task, Cancellation);

        _loader.RefreshBehind<int>("key", _ => throw new InvalidOperationException("refreshed"));
        gate.SetResult(1);

        Assert.Equal(1, await reader);
        Assert.Equal(0, _loader.Flights.Count);
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
        Assert.Same(failure, message.Error);
        Assert.Equal(0, _loader.Flights.Count);
        Assert.Equal(1, await _loader.ReadAsync("key", _ => Task.FromResult(1), Cancellation));
        var refreshed = new TaskCompletionSource();
        _loader.RefreshBehind("key", _ =>
        {
            refreshed.SetResult();
            return Task.FromResult(2);
        });
        await refreshed.Task.WaitAsync(Cancellation);
    }

    [Fact]
    public async Task Who_joins_a_refresh_that_fails_loads_for_himself()
    {
        var gate = new TaskCompletionSource<int>();
        _loader.RefreshBehind("key", _ => gate.Task);
        var joiner = _loader.ReadAsync("key", _ => Task.FromResult(42), Cancellation);

        gate.SetException(new ObjectDisposedException("DbContext"));

        Assert.Equal(42, await joiner);
    }

    [Fact]
    public async Task Who_joins_a_refresh_and_goes_does_not_cancel_it()
    {
        var gate = new TaskCompletionSource<int>();
        var running = new TaskCompletionSource<CancellationToken>();
        using var caller = new CancellationTokenSource();
        _loader.RefreshBehind("key", token =>
        {
            running.SetResult(token);
            return gate.Task;
        });
        var token = await running.Task.WaitAsync(Cancellation);
        var joiner = _loader.ReadAsync("key", _ => gate.Task, caller.Token);

        await caller.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => joiner);
        Assert.False(token.IsCancellationRequested);
        gate.SetResult(1);
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
