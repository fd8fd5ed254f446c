using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;

namespace HybridStore.Testing.Tests;

public sealed class WarmRateTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_warm_up_loads_no_more_in_a_second_than_it_may()
    {
        var time = new FakeTimeProvider();
        var store = new InMemoryHybridStore(new InMemoryHybridStoreOptions { TimeProvider = time });
        var began = time.GetTimestamp();
        var loads = new ConcurrentQueue<(int Count, TimeSpan At)>();
        var warming = store.WarmAsync<int, int>(
            Enumerable.Range(1, 10).ToAsyncEnumerable(),
            static id => $"key:{id}",
            (missing, _, _) =>
            {
                loads.Enqueue((missing.Count, time.GetElapsedTime(began)));
                return ValueTask.FromResult<IReadOnlyList<int>>([.. missing]);
            },
            static id => id,
            new WarmOptions { EntriesPerSecond = 4 },
            cancellationToken: Cancellation);

        // Time stands until a batch is stored, and then goes on in steps until the next one is loaded.
        foreach (var (batch, last) in (ReadOnlySpan<(int, int)>)[(1, 4), (2, 8)])
        {
            SpinUntil(() => loads.Count == batch && store.IsCached($"key:{last}"));
            SpinUntil(() =>
            {
                time.Advance(TimeSpan.FromMilliseconds(100));
                return loads.Count > batch;
            });
        }

        Assert.Equal(10, (await warming).Stored);
        Assert.Collection(
            loads,
            first => Assert.Equal((4, TimeSpan.Zero), first),
            second => Assert.True(second.Count == 4 && second.At >= TimeSpan.FromSeconds(1), $"The second was {second}."),
            third => Assert.True(third.Count == 2 && third.At >= TimeSpan.FromSeconds(2), $"The third was {third}."));
    }

    private static void SpinUntil(Func<bool> condition)
    {
        while (!condition())
        {
            Cancellation.ThrowIfCancellationRequested();
            Thread.Yield();
        }
    }

    [Fact]
    public async Task What_is_cached_already_does_not_count()
    {
        var store = new InMemoryHybridStore(new InMemoryHybridStoreOptions { TimeProvider = new FakeTimeProvider() });
        for (var id = 1; id <= 100; id++)
        {
            store.Seed($"key:{id}", id);
        }

        var done = await store.WarmAsync<int, int>(
            Enumerable.Range(1, 100).ToAsyncEnumerable(),
            static id => $"key:{id}",
            static (_, _, _) => throw new TimeZoneNotFoundException(),
            static id => id,
            new WarmOptions { EntriesPerSecond = 1 },
            cancellationToken: Cancellation);

        Assert.Equal(100, done.AlreadyCached);
    }
}
