using HybridStore.Resilience.LoadLimiting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace HybridStore.Tests.Resilience;

public sealed class LoadLimiterTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly RecordingLogger _logger = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(100, 50)]
    [InlineData(7, 3)]
    [InlineData(1, 1)]
    public void Half_of_the_pool_is_the_limit_unless_it_is_set(int poolSize, int limit)
    {
        var limiter = Limiter(new LoadLimiterOptions(), poolSize);

        Assert.Equal(limit, limiter.Limit);
    }

    [Fact]
    public async Task While_Redis_serves_nobody_waits()
    {
        var limiter = Limiter(new LoadLimiterOptions { MaxConcurrentLoads = 1 });

        using var first = await limiter.EnterAsync(isBypassing: false, Cancellation);
        using var second = await limiter.EnterAsync(isBypassing: false, Cancellation);

        Assert.Equal(2, limiter.Running);
    }

    [Fact]
    public async Task A_load_that_passes_Redis_by_waits_for_one_that_began_before()
    {
        var limiter = Limiter(new LoadLimiterOptions { MaxConcurrentLoads = 1 });
        var first = await limiter.EnterAsync(isBypassing: false, Cancellation);

        var second = limiter.EnterAsync(isBypassing: true, Cancellation).AsTask();

        Assert.False(second.IsCompleted);
        Assert.Equal(1, limiter.Queued);
        first.Dispose();
        (await second.WaitAsync(Cancellation)).Dispose();
        Assert.Equal(0, limiter.Running);
    }

    [Fact]
    public async Task Under_a_limit_that_always_holds_everybody_waits()
    {
        var limiter = Limiter(new LoadLimiterOptions { MaxConcurrentLoads = 1, Always = true });
        var first = await limiter.EnterAsync(isBypassing: false, Cancellation);

        var second = limiter.EnterAsync(isBypassing: false, Cancellation).AsTask();

        Assert.False(second.IsCompleted);
        Assert.Null(limiter.TryEnterBehind());
        first.Dispose();
        (await second.WaitAsync(Cancellation)).Dispose();
    }

    [Fact]
    public async Task A_refresh_that_nobody_waits_for_runs_over_the_limit_while_Redis_serves()
    {
        var limiter = Limiter(new LoadLimiterOptions { MaxConcurrentLoads = 1 });
        using var first = await limiter.EnterAsync(isBypassing: false, Cancellation);

        using var behind = limiter.TryEnterBehind();

        Assert.NotNull(behind);
    }

    [Fact]
    public async Task Who_holds_a_transaction_does_not_wait()
    {
        var limiter = Limiter(new LoadLimiterOptions { MaxConcurrentLoads = 1, MaxQueuedLoads = 0 }, isWriting: true);
        using var first = await limiter.EnterAsync(isBypassing: true, Cancellation);

        using var second = await limiter.EnterAsync(isBypassing: true, Cancellation);

        Assert.Equal(2, limiter.Running);
    }

    [Fact]
    public async Task Where_as_many_wait_as_may_the_next_is_turned_away_at_once()
    {
        var limiter = Limiter(new LoadLimiterOptions { MaxConcurrentLoads = 1, MaxQueuedLoads = 1 });
        var first = await limiter.EnterAsync(isBypassing: true, Cancellation);
        var second = limiter.EnterAsync(isBypassing: true, Cancellation).AsTask();

        var refusal = await Assert.ThrowsAsync<HybridStoreOverloadedException>(
            () => limiter.EnterAsync(isBypassing: true, Cancellation).AsTask());

        Assert.Equal((1, TimeSpan.Zero), (refusal.MaxConcurrentLoads, refusal.Waited));
        Assert.Contains("LoadLimiter.MaxQueuedLoads", refusal.Message, StringComparison.Ordinal);
        first.Dispose();
        (await second.WaitAsync(Cancellation)).Dispose();
    }

    [Fact]
    public async Task Who_has_waited_too_long_is_turned_away_and_leaves_the_queue()
    {
        var limiter = Limiter(
            new LoadLimiterOptions { MaxConcurrentLoads = 1, MaxQueuedLoads = 1, MaxWait = TimeSpan.FromSeconds(3) });
        var first = await limiter.EnterAsync(isBypassing: true, Cancellation);
        var second = limiter.EnterAsync(isBypassing: true, Cancellation).AsTask();

        _time.Advance(TimeSpan.FromSeconds(3));
        var refusal = await Assert.ThrowsAsync<HybridStoreOverloadedException>(() => second);

        Assert.Equal(TimeSpan.FromSeconds(3), refusal.Waited);
        Assert.Contains("LoadLimiter.MaxWait (00:00:03)", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(0, limiter.Queued);
        var third = limiter.EnterAsync(isBypassing: true, Cancellation).AsTask();
        first.Dispose();
        (await third.WaitAsync(Cancellation)).Dispose();
    }

    [Fact]
    public async Task A_caller_that_goes_leaves_the_queue()
    {
        var limiter = Limiter(new LoadLimiterOptions { MaxConcurrentLoads = 1, MaxQueuedLoads = 1 });
        using var first = await limiter.EnterAsync(isBypassing: true, Cancellation);
        using var going = new CancellationTokenSource();
        var second = limiter.EnterAsync(isBypassing: true, going.Token).AsTask();

        await going.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        Assert.Equal(0, limiter.Queued);
    }

    [Fact]
    public async Task Many_that_are_turned_away_make_one_line_in_ten_seconds()
    {
        var limiter = Limiter(new LoadLimiterOptions { MaxConcurrentLoads = 1, MaxQueuedLoads = 0 });
        using var first = await limiter.EnterAsync(isBypassing: true, Cancellation);
        for (var i = 0; i < 100; i++)
        {
            await Assert.ThrowsAsync<HybridStoreOverloadedException>(() => limiter.EnterAsync(isBypassing: true, Cancellation).AsTask());
        }

        Assert.Equal(1, Warnings());
        _time.Advance(TimeSpan.FromSeconds(10));
        await Assert.ThrowsAsync<HybridStoreOverloadedException>(() => limiter.EnterAsync(isBypassing: true, Cancellation).AsTask());
        Assert.Equal(1, Warnings());
    }

    [Fact]
    public async Task No_more_than_the_limit_run_at_once_and_all_get_their_turn()
    {
        const int limit = 5;
        var limiter = Limiter(new LoadLimiterOptions { MaxConcurrentLoads = limit, MaxQueuedLoads = 10_000 });
        var (running, most) = (0, 0);

        await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => Task.Run(
            async () =>
            {
                for (var i = 0; i < 100; i++)
                {
                    using var permit = await limiter.EnterAsync(isBypassing: true, Cancellation);
                    var now = Interlocked.Increment(ref running);
                    InterlockedMax(ref most, now);
                    await Task.Yield();
                    Interlocked.Decrement(ref running);
                }
            },
            Cancellation)));

        Assert.InRange(most, 1, limit);
        Assert.Equal((0, 0), (limiter.Running, (int)limiter.Queued));
    }

    [Theory]
    [InlineData("MaxConcurrentLoads", 0, 1, 1)]
    [InlineData("MaxConcurrentLoads", 100_001, 1, 1)]
    [InlineData("MaxQueuedLoads", 1, -1, 1)]
    [InlineData("MaxQueuedLoads", 1, 1_000_001, 1)]
    [InlineData("MaxWait", 1, 1, -1)]
    [InlineData("MaxWait", 1, 1, 61)]
    public void What_is_out_of_range_is_named_with_its_rule(string option, int loads, int queued, int seconds)
    {
        var options = new LoadLimiterOptions
        {
            MaxConcurrentLoads = loads,
            MaxQueuedLoads = queued,
            MaxWait = TimeSpan.FromSeconds(seconds),
        };

        Assert.StartsWith($"LoadLimiter.{option} must be from ", Assert.Single(options.Validate()), StringComparison.Ordinal);
    }

    private int Warnings()
    {
        var count = 0;
        while (_logger.TryNext(out var message))
        {
            count += message.Level == LogLevel.Warning ? 1 : 0;
        }

        return count;
    }

    private static void InterlockedMax(ref int target, int value)
    {
        var seen = Volatile.Read(ref target);
        while (value > seen)
        {
            seen = Interlocked.CompareExchange(ref target, value, seen) is var before && before == seen ? value : before;
        }
    }

    private LoadLimiter Limiter(LoadLimiterOptions options, int poolSize = 100, bool isWriting = false) =>
        new(options, poolSize, () => isWriting, metrics: null, _time, _logger);
}
