using HybridStore.Fencing;
using HybridStore.Redis;
using HybridStore.Redis.Generations;
using StackExchange.Redis;

namespace HybridStore.Tests.Reading;

/// <summary>Leases are renewed while loads run under them.</summary>
public sealed class LeaseKeeperTests : IDisposable
{
    // What is older than this is renewed, as soon as it is looked for; that is done twice in this time.
    private static readonly TimeSpan Third = LoaderUnderTest.LeaseDuration / 3;

    private readonly LoaderUnderTest _loader = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_lease_of_a_load_that_goes_on_is_renewed_again_and_again_with_its_token()
    {
        var gate = new TaskCompletionSource<int>();
        var read = _loader.ReadAsync("key", _ => gate.Task, Cancellation);

        var first = await RenewalAsync(_loader);
        var second = await RenewalAsync(_loader);
        gate.SetResult(1);

        Assert.Equal(1, await read);
        Assert.Equal(first.Guard, second.Guard);
        Assert.Equal(first.Token, second.Token);
        Assert.Equal(first.Token, (byte[])_loader.Redis.LastStore!.Value.Token!);
    }

    [Fact]
    public async Task A_load_that_is_over_soon_renews_nothing()
    {
        await _loader.ReadAsync("key", _ => Task.FromResult(1), Cancellation);

        Assert.Equal(0, _loader.Keeper.Count);
        _loader.KeeperClock.Advance(Third * 6);
        Assert.False(_loader.Redis.TryNextRenewal(out _));
    }

    [Fact]
    public async Task A_load_that_comes_after_a_pause_is_kept_as_well()
    {
        await _loader.ReadAsync("first", _ => Task.FromResult(1), Cancellation);

        // Nothing is kept: the timer stops.
        _loader.KeeperClock.Advance(Third * 6);
        var gate = new TaskCompletionSource<int>();
        var read = _loader.ReadAsync("second", _ => gate.Task, Cancellation);

        await RenewalAsync(_loader);
        gate.SetResult(2);
        await read;
    }

    [Theory]
    [InlineData("lost")]
    [InlineData("late")]
    public async Task A_lease_that_is_gone_is_not_asked_for_again(string answer)
    {
        _loader.Redis.RenewAnswer = answer;
        var gate = new TaskCompletionSource<int>();
        var read = _loader.ReadAsync("key", _ => gate.Task, Cancellation);

        await RenewalAsync(_loader);
        await KeptAsync(0);
        while (_loader.Redis.TryNextRenewal(out _))
        {
            // Asked for before the answer was there.
        }

        _loader.KeeperClock.Advance(Third * 6);

        Assert.False(_loader.Redis.TryNextRenewal(out _));
        gate.SetResult(1);
        Assert.Equal(1, await read);
    }

    [Fact]
    public async Task A_load_that_fails_is_kept_no_longer()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(
            () => _loader.ReadAsync<int>("key", _ => throw new InvalidOperationException("No."), Cancellation));

        Assert.Equal(0, _loader.Keeper.Count);
    }

    [Fact]
    public async Task A_refresh_behind_its_caller_is_kept()
    {
        var gate = new TaskCompletionSource<int>();
        _loader.RefreshBehind("key", _ => gate.Task);

        await RenewalAsync(_loader);
        gate.SetResult(1);
        await KeptAsync(0);
    }

    [Fact]
    public async Task A_lease_is_kept_while_its_load_waits_for_its_turn()
    {
        using var loader = new LoaderUnderTest(new LoadLimiterOptions { MaxConcurrentLoads = 1, Always = true });
        var gate = new TaskCompletionSource<int>();
        var running = new TaskCompletionSource();
        var first = loader.ReadAsync("first", LoadAsync, Cancellation);
        await running.Task.WaitAsync(Cancellation);
        var second = loader.ReadAsync("second", _ => Task.FromResult(2), Cancellation);
        await UntilAsync(() => loader.Keeper.Count == 2);

        var (one, other) = (await RenewalAsync(loader), await RenewalAsync(loader));
        Assert.NotEqual(one.Guard, other.Guard);
        gate.SetResult(1);
        Assert.Equal((1, 2), (await first, await second));
        Assert.Equal(0, loader.Keeper.Count);

        Task<int> LoadAsync(CancellationToken token)
        {
            running.SetResult();
            return gate.Task;
        }
    }

    [Fact]
    public void A_lease_that_is_kept_twice_is_let_go_by_who_came_first()
    {
        var lease = NewLease();
        var first = _loader.Keeper.Keep("key", lease);
        var second = _loader.Keeper.Keep("key", lease);

        second.Dispose();
        Assert.Equal(1, _loader.Keeper.Count);
        first.Dispose();
        Assert.Equal(0, _loader.Keeper.Count);
    }

    [Fact]
    public async Task However_loads_come_and_go_while_the_timer_stops_and_starts_the_last_is_renewed()
    {
        using var ending = new CancellationTokenSource();
        var ticking = Task.Run(
            () =>
            {
                while (!ending.IsCancellationRequested)
                {
                    _loader.KeeperClock.Advance(Third / 2);
                }
            },
            Cancellation);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(
            () =>
            {
                for (var load = 0; load < 2_000; load++)
                {
                    using var kept = _loader.Keeper.Keep("short", NewLease());
                }
            },
            Cancellation)));
        var last = NewLease();
        using (_loader.Keeper.Keep("last", last))
        {
            while (!(await _loader.Redis.NextRenewalAsync()).Token.AsSpan().SequenceEqual(last.Token))
            {
                // Those before it may have been caught by the timer.
            }
        }

        await ending.CancelAsync();
        await ticking;
        Assert.Equal(0, _loader.Keeper.Count);
    }

    public void Dispose() => _loader.Dispose();

    private static Lease NewLease() => new(Lease.NewToken(), 0, new Generation(new RedisLayout("test", 1), 1), null);

    /// <summary>Lets time pass until a lease is renewed: the timer may be started after the lease is seen to be kept.</summary>
    private static async Task<(RedisKey Guard, byte[] Token)> RenewalAsync(LoaderUnderTest loader)
    {
        (RedisKey Guard, byte[] Token) renewal;
        while (!loader.Redis.TryNextRenewal(out renewal))
        {
            Cancellation.ThrowIfCancellationRequested();
            loader.KeeperClock.Advance(Third / 2);
            await Task.Yield();
        }

        return renewal;
    }

    private Task KeptAsync(int count) => UntilAsync(() => _loader.Keeper.Count == count);

    private static async Task UntilAsync(Func<bool> condition)
    {
        while (!condition())
        {
            Cancellation.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
