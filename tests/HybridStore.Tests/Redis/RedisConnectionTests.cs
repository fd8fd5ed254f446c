using HybridStore.Fencing;
using HybridStore.Redis;
using HybridStore.Redis.Generations;
using StackExchange.Redis;

namespace HybridStore.Tests.Redis;

public class RedisConnectionTests
{
    private readonly ScriptedRedis _redis = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Until_Redis_has_been_reached_there_is_no_session()
    {
        var never = new TaskCompletionSource<IConnectionMultiplexer>();
        var made = new ConnectionUnderTest(never.Task.WaitAsync);

        Assert.Null(made.Connection.Session);
        Assert.True((await made.Gateway.ReadAsync("key", false, Cancellation)).IsRefused);
        Assert.True((await made.Gateway.LeaseAsync("key", default, Cancellation)).IsRefused);
        var store = new StoreCommand("key", new byte[1], TimeSpan.FromSeconds(1), [], LeaseOf(1), null, false, false);
        Assert.True((await made.Gateway.StoreAsync(store)).IsRefused);
        Assert.False(await made.Invalidations.ApplyAsync(["key"], [], null, probing: true));
        Assert.False(await made.Invalidations.ApplyToEverythingAsync(null, probing: true, Cancellation));
        await made.Connection.DisposeAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => made.Connection.Ready);
    }

    [Fact]
    public async Task The_first_use_connects_where_no_host_has()
    {
        var made = new ConnectionUnderTest(_ => Task.FromResult(_redis.Multiplexer));

        await made.Gateway.ReadAsync("key", false, Cancellation);

        await made.Connection.Ready.WaitAsync(Cancellation);
        Assert.NotNull(made.Connection.Session);
        Assert.True(made.RedisClock.IsKnown);
    }

    [Fact]
    public async Task A_factory_that_throws_is_asked_again_after_growing_pauses_and_reported_once()
    {
        var attempts = 0;
        var made = new ConnectionUnderTest(_ => ++attempts <= 7
            ? throw new InvalidOperationException("not configured yet")
            : Task.FromResult(_redis.Multiplexer));

        made.Connection.Start();
        var pauses = new List<double>();
        for (var failure = 0; failure < 7; failure++)
        {
            var pause = await made.Clock.NextTimerAsync();
            pauses.Add(pause.TotalMilliseconds);
            made.Clock.Advance(pause);
        }

        await made.Connection.Ready.WaitAsync(Cancellation);
        Assert.Equal([50, 100, 200, 400, 800, 1600, 2000], pauses);
        Assert.Equal(1001, (await made.Logger.NextAsync()).Id.Id);
        Assert.Equal(1000, (await made.Logger.NextAsync()).Id.Id);
        Assert.False(made.Logger.TryNext(out _));
    }

    [Fact]
    public async Task A_client_of_ours_is_disposed_and_no_longer_listened_to()
    {
        var made = await ConnectionUnderTest.StartAsync(_redis, owned: true);
        Assert.True(_redis.HasListeners);

        await made.Connection.DisposeAsync();

        Assert.True(_redis.IsDisposed);
        Assert.False(_redis.HasListeners);
    }

    [Fact]
    public async Task A_client_of_the_applications_is_left_alone_and_no_longer_listened_to()
    {
        var made = await ConnectionUnderTest.StartAsync(_redis);

        await made.Connection.DisposeAsync();

        Assert.False(_redis.IsDisposed);
        Assert.False(_redis.HasListeners);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_client_that_never_reached_its_server_is_disposed_if_it_is_ours(bool owned)
    {
        _redis.IsConnected = false;
        var made = new ConnectionUnderTest(_ => Task.FromResult(_redis.Multiplexer), owned);
        made.Connection.Start();
        await made.Clock.NextTimerAsync();

        await made.Connection.DisposeAsync();

        Assert.Equal(owned, _redis.IsDisposed);
        Assert.False(_redis.HasListeners);
    }

    [Fact]
    public async Task A_client_of_ours_that_is_made_after_disposal_is_disposed_as_it_comes()
    {
        var connecting = new TaskCompletionSource();
        var connected = new TaskCompletionSource<IConnectionMultiplexer>();
        var made = new ConnectionUnderTest(
            _ =>
            {
                connecting.SetResult();
                return connected.Task;
            },
            owned: true);
        made.Connection.Start();
        await connecting.Task.WaitAsync(Cancellation);

        await made.Connection.DisposeAsync();
        Assert.False(_redis.IsDisposed);
        connected.SetResult(_redis.Multiplexer);

        await _redis.Disposed.WaitAsync(Cancellation);
        Assert.False(_redis.HasListeners);
    }

    [Fact]
    public async Task A_connection_that_is_restored_repeats_the_handshake_and_tells_its_listeners()
    {
        var made = await ConnectionUnderTest.StartAsync(_redis);
        var before = made.Connection.Session;
        var restored = new TaskCompletionSource();
        made.Connection.Restored += restored.SetResult;

        _redis.Restore();

        await restored.Task.WaitAsync(Cancellation);
        Assert.NotSame(before, made.Connection.Session);
        Assert.Same(before!.Breakers, made.Connection.Session!.Breakers);
    }

    [Fact]
    public async Task Everything_is_invalidated_when_nobody_reads_in_the_generation_before_any_more()
    {
        var made = await ConnectionUnderTest.StartAsync(_redis);

        var applying = made.Invalidations.ApplyToEverythingAsync(null, probing: false, Cancellation);
        var wait = await made.Clock.NextTimerAsync();
        Assert.False(applying.IsCompleted);
        Assert.True(wait > GenerationRegister.ProofTime);
        made.Clock.Advance(wait);

        Assert.True(await applying);
        Assert.Equal(2, _redis.Generation);
        Assert.Equal(2, made.Connection.Session!.Generations.Current!.Number);
    }

    [Fact]
    public async Task Invalidating_everything_through_a_client_that_the_application_has_disposed_is_no_exception()
    {
        var made = await ConnectionUnderTest.StartAsync(_redis);
        _redis.GenerationFailure = new ObjectDisposedException("multiplexer");

        Assert.False(await made.Invalidations.ApplyToEverythingAsync(null, probing: true, Cancellation));
    }

    private static Lease LeaseOf(long generation) =>
        new(Lease.NewToken(), 0, new Generation(new RedisLayout("hs", 1), generation), High: null);
}
