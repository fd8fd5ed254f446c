using HybridStore.Diagnostics;
using HybridStore.Invalidating;
using HybridStore.Reading;
using HybridStore.Tests.Redis;
using StackExchange.Redis;

namespace HybridStore.Tests.Invalidating;

public class InvalidationDispatcherTests
{
    private static readonly RedisConnectionException Away = new(
        ConnectionFailureType.SocketClosed, CommandFlags.None, "away");

    private readonly ScriptedRedis _redis = new();
    private readonly FlightTable _flights = new();
    private readonly TimerWatch _clock = new();
    private readonly RecordingLogger _logger = new();
    private Task<TimeSpan>? _nextPause;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_Redis_takes_is_applied_at_once()
    {
        await using var dispatcher = Over(await ConnectionUnderTest.StartAsync(_redis));

        var receipt = await dispatcher.InvalidateAsync(new Invalidation { Keys = ["user:1"], Tags = ["org:7"] }, null);

        Assert.Equal(InvalidationStatus.Applied, receipt.Status);
        await receipt.WhenApplied(Cancellation);
        Assert.False(dispatcher.IsPending("user:1"));
        Assert.Equal(new RedisKey[] { "hs:{0}:s", "hs:{0}:x", "hs:{0}:e:1:user:1", "hs:{0}:g:user:1", "hs:{0}:t:1:org:7", "hs:{0}:f:org:7" }, await _redis.NextInvalidationAsync());
        Assert.False(_logger.TryNext(out _));
    }

    [Fact]
    public async Task An_invalidation_of_nothing_is_applied_without_asking_Redis()
    {
        await using var dispatcher = Over(await ConnectionUnderTest.StartAsync(_redis));

        Assert.Equal(InvalidationStatus.Applied, (await dispatcher.InvalidateAsync(new Invalidation(), null)).Status);
        Assert.False(_redis.TryNextInvalidation(out _));
    }

    [Fact]
    public async Task Loads_that_run_can_no_longer_be_joined_whether_Redis_is_there_or_not()
    {
        var flight = new Flight<int>(CancellationToken.None);
        _flights.GetOrAdd(new FlightKey("user:1", typeof(int)), flight);
        await using var dispatcher = Over(NeverConnected());

        await dispatcher.InvalidateAsync(Invalidation.OfKeys("user:1"), null);

        Assert.Equal(0, _flights.Count);
    }

    [Fact]
    public async Task Before_Redis_has_been_reached_an_invalidation_waits_and_its_keys_are_known_to_be_outdated()
    {
        await using var dispatcher = Over(NeverConnected());

        var receipt = await dispatcher.InvalidateAsync(Invalidation.OfKeys("user:1"), null);

        Assert.Equal(InvalidationStatus.Pending, receipt.Status);
        Assert.False(receipt.WhenApplied(Cancellation).IsCompleted);
        Assert.True(dispatcher.IsPending("user:1"));
        Assert.False(dispatcher.IsPending("user:2"));
        Assert.Equal(1100, (await _logger.NextAsync()).Id.Id);
        await dispatcher.InvalidateAsync(Invalidation.OfTags("org:7"), null);
        Assert.True(dispatcher.IsPending("user:2"));
    }

    [Fact]
    public async Task The_wait_for_a_pending_invalidation_can_be_cancelled_without_cancelling_the_invalidation()
    {
        await using var dispatcher = Over(NeverConnected());
        var receipt = await dispatcher.InvalidateAsync(Invalidation.OfKeys("user:1"), null);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => receipt.WhenApplied(new CancellationToken(canceled: true)));

        Assert.Equal(InvalidationStatus.Pending, receipt.Status);
        Assert.True(dispatcher.IsPending("user:1"));
    }

    [Fact]
    public async Task Retries_pause_twice_as_long_each_time_up_to_the_longest_pause()
    {
        var connection = await ConnectionUnderTest.StartAsync(_redis);
        await using var dispatcher = Over(connection);
        _redis.InvalidationFailure = Away;
        var receipt = await QueueOneAsync(dispatcher);

        foreach (var expected in (double[])[100, 200, 400, 800, 1000, 1000])
        {
            var pause = await _clock.NextTimerAsync();
            Assert.InRange(pause.TotalMilliseconds, expected * 0.75, expected * 1.25);
            Assert.False(_redis.TryNextInvalidation(out _));
            _clock.Advance(pause);
            Assert.Equal(new RedisKey[] { "hs:{0}:s", "hs:{0}:x", "hs:{0}:e:1:user:1", "hs:{0}:g:user:1" }, await _redis.NextInvalidationAsync());
        }

        _redis.InvalidationFailure = null;
        _clock.Advance(await _clock.NextTimerAsync());
        await receipt.WhenApplied(Cancellation);
        Assert.False(dispatcher.IsPending("user:1"));
    }

    [Fact]
    public async Task A_retry_takes_all_that_waits_in_one_call_and_tells_everybody()
    {
        var connection = await ConnectionUnderTest.StartAsync(_redis);
        await using var dispatcher = Over(connection);
        _redis.InvalidationFailure = Away;
        var first = await dispatcher.InvalidateAsync(Invalidation.OfKeys("user:1"), null);
        await _redis.NextInvalidationAsync();
        var second = await dispatcher.InvalidateAsync(new Invalidation { Keys = ["user:1", "user:2"], Tags = ["org:7"] }, null);
        await _redis.NextInvalidationAsync();
        _redis.InvalidationFailure = null;

        await AdvanceUntilAsync(Task.WhenAll(first.WhenApplied(Cancellation), second.WhenApplied(Cancellation)));

        Assert.Equal(InvalidationStatus.Applied, first.Status);
        Assert.Equal(InvalidationStatus.Applied, second.Status);
        var taken = new List<string>();
        while (_redis.TryNextInvalidation(out var keys))
        {
            taken.AddRange(keys!.Select(key => (string)key!));
        }

        string[] once =
        [
            "hs:{0}:e:1:user:1", "hs:{0}:e:1:user:2", "hs:{0}:f:org:7", "hs:{0}:g:user:1", "hs:{0}:g:user:2", "hs:{0}:s", "hs:{0}:t:1:org:7", "hs:{0}:x",
        ];
        Assert.Equal(once, taken.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Redis_that_comes_back_ends_the_pause()
    {
        var connection = await ConnectionUnderTest.StartAsync(_redis);
        await using var dispatcher = Over(connection);
        _redis.InvalidationFailure = Away;
        var receipt = await QueueOneAsync(dispatcher);
        await _clock.NextTimerAsync();
        _redis.InvalidationFailure = null;

        // The clock stands still: only the wake-up can end the pause.
        _redis.Restore();

        Assert.Equal(new RedisKey[] { "hs:{0}:s", "hs:{0}:x", "hs:{0}:e:1:user:1", "hs:{0}:g:user:1" }, await _redis.NextInvalidationAsync());
        await receipt.WhenApplied(Cancellation);
    }

    [Fact]
    public async Task After_the_last_one_is_applied_the_next_outage_is_retried_too()
    {
        var connection = await ConnectionUnderTest.StartAsync(_redis);
        await using var dispatcher = Over(connection);
        for (var outage = 0; outage < 3; outage++)
        {
            _redis.InvalidationFailure = Away;
            var receipt = await dispatcher.InvalidateAsync(Invalidation.OfKeys("user:1"), null);
            Assert.Equal(InvalidationStatus.Pending, receipt.Status);
            _redis.InvalidationFailure = null;
            await AdvanceUntilAsync(receipt.WhenApplied(Cancellation));
            Assert.False(dispatcher.IsPending("user:1"));
        }
    }

    [Fact]
    public async Task Past_the_capacity_the_whole_cache_is_emptied_instead()
    {
        var connection = await ConnectionUnderTest.StartAsync(_redis);
        await using var dispatcher = Over(connection, capacity: 2);
        _redis.InvalidationFailure = Away;
        _redis.GenerationFailure = Away;

        var receipt = await dispatcher.InvalidateAsync(Invalidation.OfKeys("user:1", "user:2", "user:3"), null);
        Assert.True(dispatcher.IsPending("any"));
        Assert.Equal(1100, (await _logger.NextAsync()).Id.Id);
        Assert.Equal(1102, (await _logger.NextAsync()).Id.Id);
        _redis.GenerationFailure = null;
        var applied = receipt.WhenApplied(Cancellation);
        await Task.WhenAll(AdvanceUntilAsync(applied), PassProofTimeAsync(connection, applied));

        Assert.Equal(2, _redis.Generation);
        Assert.False(dispatcher.IsPending("any"));
    }

    [Fact]
    public async Task A_flush_that_Redis_does_not_take_waits_and_nothing_is_read_from_Redis_meanwhile()
    {
        var connection = await ConnectionUnderTest.StartAsync(_redis);
        await using var dispatcher = Over(connection);
        _redis.GenerationFailure = Away;

        var receipt = await dispatcher.FlushAsync();
        Assert.Equal(InvalidationStatus.Pending, receipt.Status);
        Assert.True(dispatcher.IsPending("any"));
        Assert.Equal(1104, (await _logger.NextAsync()).Id.Id);
        _redis.GenerationFailure = null;
        var applied = receipt.WhenApplied(Cancellation);
        await Task.WhenAll(AdvanceUntilAsync(applied), PassProofTimeAsync(connection, applied));

        Assert.Equal(2, _redis.Generation);
        Assert.False(dispatcher.IsPending("any"));
    }

    [Fact]
    public async Task Disposal_tries_once_more_and_applies_all_that_waits()
    {
        var connection = await ConnectionUnderTest.StartAsync(_redis);
        var dispatcher = Over(connection);
        _redis.InvalidationFailure = Away;
        await QueueOneAsync(dispatcher);
        await _clock.NextTimerAsync();

        // The first retry has taken this batch and keeps it; what comes now is another.
        _clock.Advance(TimeSpan.FromSeconds(1));
        await _redis.NextInvalidationAsync();
        await _clock.NextTimerAsync();
        var later = await dispatcher.InvalidateAsync(Invalidation.OfKeys("user:2"), null);
        _redis.InvalidationFailure = null;

        await dispatcher.DisposeAsync();

        Assert.Equal(InvalidationStatus.Applied, later.Status);
        Assert.False(dispatcher.IsPending("user:1"));
        Assert.False(dispatcher.IsPending("user:2"));
    }

    [Fact]
    public async Task Disposal_while_Redis_is_away_tells_those_who_wait_and_says_how_much_is_lost()
    {
        var dispatcher = Over(NeverConnected());
        var receipt = await dispatcher.InvalidateAsync(new Invalidation { Keys = ["user:1"], Tags = ["org:7"] }, null);
        await _logger.NextAsync();

        await dispatcher.DisposeAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => receipt.WhenApplied(Cancellation));
        Assert.Equal(InvalidationStatus.Pending, receipt.Status);
        var message = await _logger.NextAsync();
        Assert.Equal(1103, message.Id.Id);
        Assert.Contains("2 key(s) and tag(s)", message.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_invalidation_after_disposal_does_not_wait_for_ever()
    {
        var dispatcher = Over(NeverConnected());
        await dispatcher.DisposeAsync();

        var receipt = await dispatcher.InvalidateAsync(Invalidation.OfKeys("user:1"), null);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => receipt.WhenApplied(Cancellation));
    }

    [Fact]
    public async Task A_client_that_the_application_disposed_first_does_not_fail_the_stores_disposal()
    {
        var connection = await ConnectionUnderTest.StartAsync(_redis);
        var dispatcher = Over(connection, capacity: 1);
        _redis.InvalidationFailure = new ObjectDisposedException("multiplexer");
        _redis.GenerationFailure = new ObjectDisposedException("multiplexer");
        var receipt = await dispatcher.InvalidateAsync(Invalidation.OfKeys("user:1", "user:2"), null);

        await dispatcher.DisposeAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => receipt.WhenApplied(Cancellation));
    }

    private static ConnectionUnderTest NeverConnected() =>
        new(token => new TaskCompletionSource<IConnectionMultiplexer>().Task.WaitAsync(token));

    private InvalidationDispatcher Over(ConnectionUnderTest connection, int capacity = 100) => new(
        connection.Invalidations,
        connection.Connection,
        _flights,
        new InvalidationRetryOptions { Capacity = capacity, MaximumDelay = TimeSpan.FromSeconds(1) },
        new WriteMetrics(new StoreMetrics(null, "test")),
        _clock,
        _logger);

    /// <summary>One key that Redis did not take.</summary>
    private async Task<InvalidationReceipt> QueueOneAsync(InvalidationDispatcher dispatcher)
    {
        var receipt = await dispatcher.InvalidateAsync(Invalidation.OfKeys("user:1"), null);
        await _redis.NextInvalidationAsync();
        return receipt;
    }

    /// <summary>Time passes also for those who wait until nobody reads in the generation before any more.</summary>
    private static async Task PassProofTimeAsync(ConnectionUnderTest connection, Task applied)
    {
        while (!applied.IsCompleted)
        {
            connection.Clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }
    }

    private async Task AdvanceUntilAsync(Task applied)
    {
        while (!applied.IsCompleted)
        {
            _nextPause ??= _clock.NextTimerAsync().AsTask();
            if (await Task.WhenAny(applied, _nextPause) == _nextPause)
            {
                _clock.Advance(await _nextPause);
                _nextPause = null;
            }
        }

        await applied;
    }
}
