using HybridStore.Reading;

namespace HybridStore.Tests.Reading;

/// <summary>A store that ends while refreshes run behind its readers.</summary>
public sealed class RefreshShutdownTests : IDisposable
{
    private readonly LoaderUnderTest _loader = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_waits_for_those_that_run()
    {
        var gate = new TaskCompletionSource<int>();
        var running = new TaskCompletionSource<CancellationToken>();
        _loader.RefreshBehind("key", token =>
        {
            running.SetResult(token);
            return gate.Task;
        });
        var token = await running.Task.WaitAsync(Cancellation);

        var ending = _loader.Refresher.DisposeAsync().AsTask();

        Assert.Equal(EntryRefresher.LastWait, await _loader.RefresherClock.NextTimerAsync());
        Assert.False(ending.IsCompleted);
        gate.SetResult(1);
        await ending;
        Assert.False(token.IsCancellationRequested);
        Assert.NotNull(_loader.Redis.LastStore);
    }

    [Fact]
    public async Task Those_that_do_not_end_are_cancelled_and_nobody_is_told_that_they_failed()
    {
        var running = new TaskCompletionSource();
        var cancelled = new TaskCompletionSource();
        _loader.RefreshBehind<int>("key", async token =>
        {
            running.SetResult();
            try
            {
                await new TaskCompletionSource().Task.WaitAsync(token);
            }
            finally
            {
                cancelled.SetResult();
            }

            return 1;
        });
        await running.Task.WaitAsync(Cancellation);
        var ending = _loader.Refresher.DisposeAsync().AsTask();
        await _loader.RefresherClock.NextTimerAsync();

        _loader.RefresherClock.Advance(EntryRefresher.LastWait);

        await ending.WaitAsync(Cancellation);
        await cancelled.Task.WaitAsync(Cancellation);
        Assert.Null(_loader.Redis.LastStore);
        Assert.False(_loader.Logger.TryNext(out _));
    }

    [Fact]
    public async Task While_it_waits_and_afterwards_none_begins()
    {
        var gate = new TaskCompletionSource<int>();
        var running = new TaskCompletionSource();
        _loader.RefreshBehind("first", _ =>
        {
            running.SetResult();
            return gate.Task;
        });
        await running.Task.WaitAsync(Cancellation);
        var ending = _loader.Refresher.DisposeAsync().AsTask();
        await _loader.RefresherClock.NextTimerAsync();

        _loader.RefreshBehind<int>("second", _ => throw new InvalidOperationException("refreshed"));
        gate.SetResult(1);
        await ending;
        _loader.RefreshBehind<int>("third", _ => throw new InvalidOperationException("refreshed"));
        var inline = await _loader.Refresher.RefreshAsync(
            LoaderUnderTest.Request<int>("fourth", (_, _) => throw new InvalidOperationException("refreshed")), default, default, Cancellation);

        Assert.Null(inline);
        Assert.Equal(1, _loader.Redis.LeaseCalls);
        Assert.False(_loader.Logger.TryNext(out _));
    }

    [Fact]
    public async Task However_many_begin_while_it_ends_none_runs_when_it_has_ended()
    {
        var hasEnded = false;
        var late = 0;
        var refreshing = Enumerable.Range(0, 3).Select(caller => Task.Run(
            () =>
            {
                for (var key = 0; key < 500; key++)
                {
                    _loader.RefreshBehind($"key:{caller}:{key}", _ =>
                    {
                        Interlocked.Add(ref late, Volatile.Read(ref hasEnded) ? 1 : 0);
                        return Task.FromResult(1);
                    });
                }
            },
            Cancellation)).ToList();

        await _loader.Refresher.DisposeAsync();
        Volatile.Write(ref hasEnded, true);
        await Task.WhenAll(refreshing);

        Assert.Equal(0, late);
    }

    [Fact]
    public async Task It_may_be_ended_twice_and_does_not_wait_where_nothing_runs()
    {
        await _loader.Refresher.DisposeAsync();
        await _loader.Refresher.DisposeAsync();
    }

    public void Dispose() => _loader.Dispose();
}
