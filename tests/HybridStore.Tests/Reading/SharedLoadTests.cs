using HybridStore.Reading;

namespace HybridStore.Tests.Reading;

public sealed class SharedLoadTests : IDisposable
{
    private readonly LoaderUnderTest _loader = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Sixty_four_concurrent_callers_share_one_load()
    {
        var gate = new TaskCompletionSource<int>();
        var loads = 0;
        Task<int> LoadAsync(CancellationToken token)
        {
            Interlocked.Increment(ref loads);
            return gate.Task;
        }

        // The inner task is there as soon as its caller has joined.
        var joined = await Task.WhenAll(Enumerable.Range(0, 64).Select(
            _ => Task.Run(() => new[] { _loader.ReadAsync("key", LoadAsync, Cancellation) }, Cancellation)));
        gate.SetResult(42);
        var values = await Task.WhenAll(joined.Select(caller => caller[0]));

        Assert.All(values, value => Assert.Equal(42, value));
        Assert.Equal(1, loads);
        Assert.Equal(0, _loader.Flights.Count);
    }

    [Fact]
    public async Task A_read_after_the_load_loads_again()
    {
        var loads = 0;

        Assert.Equal(1, await _loader.ReadAsync("key", _ => Task.FromResult(++loads), Cancellation));
        Assert.Equal(2, await _loader.ReadAsync("key", _ => Task.FromResult(++loads), Cancellation));
    }

    [Fact]
    public async Task Different_keys_and_different_types_under_one_key_are_different_loads()
    {
        var number = new TaskCompletionSource<int>();
        var text = new TaskCompletionSource<string>();
        var other = new TaskCompletionSource<int>();

        var readNumber = _loader.ReadAsync("key", _ => number.Task, Cancellation);
        var readText = _loader.ReadAsync("key", _ => text.Task, Cancellation);
        var readOther = _loader.ReadAsync("other", _ => other.Task, Cancellation);

        Assert.Equal(3, _loader.Flights.Count);
        other.SetResult(3);
        text.SetResult("two");
        number.SetResult(1);
        Assert.Equal(1, await readNumber);
        Assert.Equal("two", await readText);
        Assert.Equal(3, await readOther);
    }

    [Fact]
    public async Task A_failed_load_fails_all_who_wait_for_it_with_its_own_exception()
    {
        var gate = new TaskCompletionSource<int>();
        var loads = 0;
        var readers = Enumerable.Range(0, 16).Select(_ => _loader.ReadAsync("key", LoadAsync, Cancellation)).ToArray();
        var failure = new InvalidOperationException("no such table");

        gate.SetException(failure);

        foreach (var reader in readers)
        {
            Assert.Same(failure, await Assert.ThrowsAsync<InvalidOperationException>(() => reader));
        }

        Assert.Equal(1, loads);
        Assert.Equal(0, _loader.Flights.Count);
        Task<int> LoadAsync(CancellationToken token)
        {
            loads++;
            return gate.Task;
        }
    }

    [Fact]
    public async Task A_load_that_throws_before_its_first_await_fails_like_any_other_and_leaves_nothing_behind()
    {
        var reader = _loader.ReadAsync<int>("key", (_, _) => throw new FormatException("at once"), Cancellation);

        Assert.Equal("at once", (await Assert.ThrowsAsync<FormatException>(() => reader)).Message);
        Assert.Equal(0, _loader.Flights.Count);
        Assert.Equal(1, await _loader.ReadAsync("key", _ => Task.FromResult(1), Cancellation));
    }

    [Fact]
    public async Task A_read_that_finds_its_flight_detached_starts_another()
    {
        var first = new TaskCompletionSource<int>();
        var early = _loader.ReadAsync("key", _ => first.Task, Cancellation);

        _loader.Flights.Detach(["key"], []);
        var late = _loader.ReadAsync("key", _ => Task.FromResult(2), Cancellation);

        Assert.Equal(2, await late);
        first.SetResult(1);
        Assert.Equal(1, await early);
        Assert.Equal(0, _loader.Flights.Count);
    }

    [Fact]
    public async Task A_context_cannot_be_used_once_its_load_has_returned()
    {
        LoadContext? kept = null;
        await _loader.ReadAsync(
            "key",
            (context, _) =>
            {
                kept = context;
                context.AddTag("org:7");
                return ValueTask.FromResult(1);
            },
            Cancellation);

        Assert.Equal("key", kept!.Key);
        Assert.Equal(["org:7"], kept.Tags);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => kept.OpenConnectionAsync(Cancellation).AsTask());
        await Assert.ThrowsAsync<ObjectDisposedException>(
            () => kept.QuerySingleOrDefaultAsync<int>("select 1", cancellationToken: Cancellation).AsTask());
        await Assert.ThrowsAsync<ObjectDisposedException>(
            () => kept.QueryAsync<int>("select 1", cancellationToken: Cancellation).AsTask());
        await Assert.ThrowsAsync<ObjectDisposedException>(
            () => kept.ExecuteScalarAsync<int>("select 1", cancellationToken: Cancellation).AsTask());
        Assert.Throws<ObjectDisposedException>(() => kept.AddTag("org:8"));
        Assert.Throws<ObjectDisposedException>(() => kept.AddTags("org:8", "org:9"));
        Assert.Throws<ObjectDisposedException>(kept.DoNotCache);
        Assert.Throws<ObjectDisposedException>(() => kept.TimeToLive = TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task The_time_to_live_is_preset_from_the_entrys_options()
    {
        TimeSpan? preset = null;
        await _loader.ReadAsync(
            "key",
            (context, _) =>
            {
                preset = context.TimeToLive;
                Assert.Null(context.AdaptedTimeToLive);
                context.TimeToLive = TimeSpan.FromSeconds(5);
                Assert.Equal(TimeSpan.FromSeconds(5), context.AdaptedTimeToLive);
                return ValueTask.FromResult(1);
            },
            Cancellation);

        Assert.Equal(TimeSpan.FromMinutes(10), preset);
    }

    [Fact]
    public async Task A_load_for_one_caller_alone_is_shared_with_nobody()
    {
        var gate = new TaskCompletionSource<int>();
        var shared = _loader.ReadAsync("key", _ => gate.Task, Cancellation);

        var alone = await _loader.Runner.LoadAloneAsync(
            LoaderUnderTest.Request("key", (_, _) => ValueTask.FromResult(2)), isBypassing: false, Cancellation);

        Assert.Equal(2, alone);
        gate.SetResult(1);
        Assert.Equal(1, await shared);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_caller_who_has_already_cancelled_starts_no_load(bool alone)
    {
        var request = LoaderUnderTest.Request<int>("key", (_, _) => throw new InvalidOperationException("loaded"));
        var cancelled = new CancellationToken(canceled: true);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => alone
            ? _loader.Runner.LoadAloneAsync(request, isBypassing: false, cancelled).AsTask()
            : _loader.Loader.LoadSharedAsync(request, ReadOnlyMemory<byte>.Empty, cancelled).AsTask());

        Assert.Equal(0, _loader.Flights.Count);
    }

    [Fact]
    public void A_flight_takes_its_own_place_in_the_table_only()
    {
        var flights = new FlightTable();
        var key = new FlightKey("key", typeof(int));
        var first = new Flight<int>(CancellationToken.None);
        var second = new Flight<int>(CancellationToken.None);

        Assert.Same(first, flights.GetOrAdd(key, first));
        Assert.Same(first, flights.GetOrAdd(key, second));
        flights.Remove(key, second);
        Assert.Equal(1, flights.Count);
        flights.Remove(key, first);
        Assert.Equal(0, flights.Count);
    }

    public void Dispose() => _loader.Dispose();
}
