namespace HybridStore.Tests.Reading;

/// <summary>Callers that go while a load runs.</summary>
public sealed class AbandonedLoadTests : IDisposable
{
    private readonly LoaderUnderTest _loader = new();
    private readonly CancellationTokenSource _starter = new();
    private readonly CancellationTokenSource _waiter = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_waiter_who_goes_takes_nobody_along()
    {
        var gate = new TaskCompletionSource<int>();
        var starter = _loader.ReadAsync("key", _ => gate.Task, Cancellation);
        var waiter = _loader.ReadAsync("key", _ => gate.Task, _waiter.Token);

        await _waiter.CancelAsync();

        var thrown = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiter);
        Assert.Equal(_waiter.Token, thrown.CancellationToken);
        gate.SetResult(42);
        Assert.Equal(42, await starter);
    }

    [Fact]
    public async Task A_starter_who_goes_leaves_the_load_to_those_who_wait()
    {
        var gate = new TaskCompletionSource<int>();
        var token = CancellationToken.None;
        var starter = _loader.ReadAsync(
            "key",
            ofLoad =>
            {
                token = ofLoad;
                return gate.Task;
            },
            _starter.Token);
        var waiter = _loader.ReadAsync<int>("key", _ => throw new InvalidOperationException("a second load"), Cancellation);

        await _starter.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => starter);
        Assert.False(token.IsCancellationRequested);
        gate.SetResult(42);
        Assert.Equal(42, await waiter);
    }

    [Fact]
    public async Task The_loads_token_is_cancelled_when_all_callers_have_gone()
    {
        var cancelled = new TaskCompletionSource();
        var starter = _loader.ReadAsync("key", LoadAsync, _starter.Token);
        var waiter = _loader.ReadAsync("key", LoadAsync, _waiter.Token);

        await _waiter.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiter);
        Assert.False(cancelled.Task.IsCompleted);
        await _starter.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => starter);

        await cancelled.Task.WaitAsync(Cancellation);
        async Task<int> LoadAsync(CancellationToken token)
        {
            await using var registration = token.Register(cancelled.SetResult);
            await cancelled.Task;
            token.ThrowIfCancellationRequested();
            return 1;
        }
    }

    [Fact]
    public async Task Who_comes_after_all_have_gone_gets_a_load_of_his_own()
    {
        var gate = new TaskCompletionSource<int>();
        var abandoned = _loader.ReadAsync("key", _ => gate.Task, _starter.Token);
        await _starter.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => abandoned);

        // The abandoned load does not heed its token, so that its flight is still in the table.
        Assert.Equal(1, _loader.Flights.Count);
        Assert.Equal(2, await _loader.ReadAsync("key", _ => Task.FromResult(2), Cancellation));
        gate.SetResult(1);
    }

    [Fact]
    public async Task If_the_starter_has_gone_and_its_load_fails_the_waiters_share_one_load_of_their_own()
    {
        var gate = new TaskCompletionSource<int>();
        var second = new TaskCompletionSource<int>();
        var loads = 0;
        var starter = _loader.ReadAsync("key", _ => gate.Task, _starter.Token);
        var waiters = Enumerable.Range(0, 8).Select(_ => _loader.ReadAsync("key", LoadAsync, Cancellation)).ToArray();
        await _starter.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => starter);

        gate.SetException(new ObjectDisposedException("DbContext"));
        await FirstLogAsync(1205, waiters.Length);
        second.SetResult(42);

        Assert.All(await Task.WhenAll(waiters), value => Assert.Equal(42, value));

        // All of them loaded for themselves, or for each other: never more than one each, and never the starter's again.
        Assert.InRange(loads, 1, waiters.Length);
        Task<int> LoadAsync(CancellationToken token)
        {
            Interlocked.Increment(ref loads);
            return second.Task;
        }
    }

    [Fact]
    public async Task A_waiters_own_load_is_tried_once()
    {
        var gate = new TaskCompletionSource<int>();
        var loads = 0;
        var starter = _loader.ReadAsync("key", _ => gate.Task, _starter.Token);
        var waiter = _loader.ReadAsync<int>(
            "key",
            _ =>
            {
                loads++;
                throw new InvalidOperationException("own");
            },
            Cancellation);
        await _starter.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => starter);

        gate.SetException(new InvalidOperationException("the starter's"));

        Assert.Equal("own", (await Assert.ThrowsAsync<InvalidOperationException>(() => waiter)).Message);
        Assert.Equal(1, loads);
    }

    [Fact]
    public async Task While_the_starter_waits_its_failure_is_everybodys()
    {
        var gate = new TaskCompletionSource<int>();
        var starter = _loader.ReadAsync("key", _ => gate.Task, _starter.Token);
        var waiter = _loader.ReadAsync("key", _ => Task.FromResult(1), Cancellation);

        gate.SetException(new InvalidOperationException("no such table"));

        await Assert.ThrowsAsync<InvalidOperationException>(() => starter);
        await Assert.ThrowsAsync<InvalidOperationException>(() => waiter);
    }

    [Fact]
    public async Task A_load_that_dies_of_its_starters_cancellation_before_the_starter_has_left_does_not_cancel_a_waiter()
    {
        // The starter's delegate closes over the starter's own token, as a request's abort token is easily closed over.
        var gate = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        var starter = _loader.ReadAsync("key", _ => gate.Task, _starter.Token);
        var waiter = _loader.ReadAsync("key", _ => Task.FromResult(42), Cancellation);

        // Callbacks run last in, first out: this one comes before the starter's own, and the starter is still waiting during it.
        await using var registration = _starter.Token.Register(() =>
        {
            gate.SetCanceled(_starter.Token);
            Task.WaitAny([waiter], Cancellation);
        });
        await _starter.CancelAsync();

        Assert.Equal(42, await waiter);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => starter);
    }

    [Fact]
    public async Task A_waiter_outlives_as_many_starters_as_go_before_its_own_load_is_run()
    {
        var first = new TaskCompletionSource<int>();
        var second = new TaskCompletionSource<int>();
        var secondRuns = new TaskCompletionSource();
        var starter = _loader.ReadAsync("key", _ => first.Task, _starter.Token);
        var next = _loader.ReadAsync(
            "key",
            _ =>
            {
                secondRuns.SetResult();
                return second.Task;
            },
            _waiter.Token);
        await _starter.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => starter);
        first.SetException(new ObjectDisposedException("DbContext"));
        await secondRuns.Task.WaitAsync(Cancellation);
        var last = _loader.ReadAsync("key", _ => Task.FromResult(42), Cancellation);

        await _waiter.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next);
        second.SetException(new ObjectDisposedException("DbContext"));

        Assert.Equal(42, await last);
    }

    public void Dispose()
    {
        _loader.Dispose();
        _starter.Dispose();
        _waiter.Dispose();
    }

    private async Task FirstLogAsync(int eventId, int times)
    {
        // Behind each stands the failure in full, for those who debug.
        for (var seen = 0; seen < times;)
        {
            var id = (await _loader.Logger.NextAsync()).Id.Id;
            Assert.Contains(id, new[] { eventId, 1500 });
            seen += id == eventId ? 1 : 0;
        }
    }
}
