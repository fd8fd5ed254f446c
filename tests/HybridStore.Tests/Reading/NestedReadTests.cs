namespace HybridStore.Tests.Reading;

/// <summary>Loads that read other keys.</summary>
public sealed class NestedReadTests : IDisposable
{
    private readonly LoaderUnderTest _loader = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_load_that_reads_another_key_completes()
    {
        var order = await _loader.ReadAsync(
            "order:1",
            async token => await _loader.ReadAsync("user:1", _ => Task.FromResult("Ada"), token) + "'s order",
            Cancellation);

        Assert.Equal("Ada's order", order);
    }

    [Fact]
    public async Task A_load_that_reads_its_own_key_does_not_wait_for_itself()
    {
        var value = await _loader.ReadAsync(
            "key", async token => 1 + await _loader.ReadAsync("key", _ => Task.FromResult(1), token), Cancellation);

        Assert.Equal(2, value);
    }

    [Fact]
    public async Task Two_loads_that_read_each_others_keys_do_not_wait_for_each_other()
    {
        var startedA = new TaskCompletionSource();
        var startedB = new TaskCompletionSource();

        var readA = _loader.ReadAsync(
            "a",
            async token =>
            {
                startedA.SetResult();
                await startedB.Task;
                return 1 + await _loader.ReadAsync("b", _ => Task.FromResult(20), token);
            },
            Cancellation);
        var readB = _loader.ReadAsync(
            "b",
            async token =>
            {
                startedB.SetResult();
                await startedA.Task;
                return 2 + await _loader.ReadAsync("a", _ => Task.FromResult(10), token);
            },
            Cancellation);

        Assert.Equal(21, await readA.WaitAsync(Cancellation));
        Assert.Equal(12, await readB.WaitAsync(Cancellation));
        Assert.Equal(0, _loader.Flights.Count);
    }

    [Fact]
    public async Task A_ring_of_loads_that_each_read_the_next_ones_key_completes()
    {
        const int Ring = 16;
        var all = new TaskCompletionSource();
        var started = 0;

        var reads = Enumerable.Range(0, Ring).Select(i => Task.Run(
            () => _loader.ReadAsync(
                $"key:{i}",
                async token =>
                {
                    if (Interlocked.Increment(ref started) == Ring)
                    {
                        all.SetResult();
                    }

                    await all.Task;
                    return await _loader.ReadAsync($"key:{(i + 1) % Ring}", _ => Task.FromResult(i), token);
                },
                Cancellation),
            Cancellation)).ToArray();

        Assert.Equal(Enumerable.Range(0, Ring), await Task.WhenAll(reads).WaitAsync(Cancellation));
    }

    [Fact]
    public async Task A_caller_outside_may_join_a_load_that_another_load_has_started()
    {
        var gate = new TaskCompletionSource<int>();
        var nestedRuns = new TaskCompletionSource();
        var outer = _loader.ReadAsync(
            "a",
            async token => 1 + await _loader.ReadAsync(
                "b",
                _ =>
                {
                    nestedRuns.SetResult();
                    return gate.Task;
                },
                token),
            Cancellation);
        await nestedRuns.Task;

        var outside = _loader.ReadAsync<int>("b", _ => throw new InvalidOperationException("a second load"), Cancellation);
        gate.SetResult(1);

        Assert.Equal(2, await outer);
        Assert.Equal(1, await outside);
    }

    [Fact]
    public async Task What_runs_after_a_read_is_outside_of_its_load_again()
    {
        await _loader.ReadAsync("a", _ => Task.FromResult(1), Cancellation);
        var gate = new TaskCompletionSource<int>();
        var starter = _loader.ReadAsync("b", _ => gate.Task, Cancellation);

        var waiter = _loader.ReadAsync<int>("b", _ => throw new InvalidOperationException("a second load"), Cancellation);

        gate.SetResult(1);
        Assert.Equal(1, await starter);
        Assert.Equal(1, await waiter);
    }

    public void Dispose() => _loader.Dispose();
}
