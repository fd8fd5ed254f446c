using System.Diagnostics;
using System.Globalization;
using CsCheck;
using HybridStore.Realtime.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace HybridStore.Realtime.Tests.Counters;

public class RollingCounterTests(ServersFixture fixture)
{
    private static readonly TimeSpan Days = TimeSpan.FromDays(20);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Sums_totals_and_the_top_tell_what_was_counted()
    {
        await using var host = await StartAsync();
        var requests = host.Get<IRollingCounters>().Get("test");
        await requests.IncrementAsync("/products", 5, Cancellation);
        await requests.IncrementAsync("/orders", 1, Cancellation);
        await requests.IncrementAsync("/products", cancellationToken: Cancellation);
        await requests.IncrementAsync("/users", 3, Cancellation);

        Assert.Equal(6, await requests.SumAsync("/products", cancellationToken: Cancellation));
        Assert.Equal(0, await requests.SumAsync("/nowhere", cancellationToken: Cancellation));
        Assert.Equal(10, await requests.TotalAsync(cancellationToken: Cancellation));
        Assert.Equal(
            [new RollingCount("/products", 6), new RollingCount("/users", 3)], await requests.TopAsync(2, cancellationToken: Cancellation));
        Assert.Equal(
            ["/products", "/users", "/orders"],
            (await requests.TopAsync(10, cancellationToken: Cancellation)).Select(count => count.Member));
    }

    [Fact]
    public async Task A_counter_that_nobody_has_counted_in_is_empty()
    {
        await using var host = await StartAsync();
        var counter = host.Get<IRollingCounters>().Get("test");

        Assert.Equal(0, await counter.TotalAsync(cancellationToken: Cancellation));
        Assert.Empty(await counter.TopAsync(10, cancellationToken: Cancellation));
    }

    [Fact]
    public async Task Any_sequence_of_counts_adds_up_as_in_a_dictionary()
    {
        await using var host = await RealtimeHost.StartAsync(
            fixture.Servers, builder => builder.AddRollingCounters(counters =>
            {
                for (var number = 0; number < 60; number++)
                {
                    counters.Add(string.Create(CultureInfo.InvariantCulture, $"test {number}"), counter => (counter.Window, counter.Resolution) = (Days, TimeSpan.FromDays(1)));
                }
            }));
        var run = -1;
        Gen.Select(Gen.Int[0, 9], Gen.Long[1, 1_000_000]).Array[1, 40].Sample(
            counts => Task.Run(async () =>
            {
                var counter = host.Get<IRollingCounters>().Get(
                    string.Create(CultureInfo.InvariantCulture, $"test {Interlocked.Increment(ref run)}"));
                var model = new Dictionary<string, long>();
                await Task.WhenAll(counts.Select(count =>
                {
                    var member = string.Create(CultureInfo.InvariantCulture, $"member {count.Item1}");
                    model[member] = model.GetValueOrDefault(member) + count.Item2;
                    return counter.IncrementAsync(member, count.Item2, Cancellation).AsTask();
                }));
                var expected = model.OrderByDescending(count => count.Value).ThenByDescending(count => count.Key, StringComparer.Ordinal)
                    .Select(count => new RollingCount(count.Key, count.Value));
                return expected.SequenceEqual(await counter.TopAsync(100, cancellationToken: Cancellation))
                    && await counter.TotalAsync(cancellationToken: Cancellation) == model.Values.Sum()
                    && await counter.SumAsync("member 0", cancellationToken: Cancellation) == model.GetValueOrDefault("member 0");
            }).GetAwaiter().GetResult(),
            iter: 50,
            threads: 2);
    }

    [Fact]
    public async Task What_was_counted_is_there_for_the_whole_window_and_then_no_more()
    {
        await using var host = await StartAsync(counter => (counter.Window, counter.Resolution) = (TimeSpan.FromSeconds(1), TimeSpan.FromMilliseconds(100)));
        var counter = host.Get<IRollingCounters>().Get("test");
        var before = Stopwatch.GetTimestamp();
        await counter.IncrementAsync("a", 3, Cancellation);
        var after = Stopwatch.GetTimestamp();
        TimeSpan longest;
        do
        {
            longest = Stopwatch.GetElapsedTime(after);
        }
        while (await counter.SumAsync("a", cancellationToken: Cancellation) == 3);

        // The last answer that had it came later than the longest that is known of, the first that had not after this.
        Assert.True(Stopwatch.GetElapsedTime(before) >= TimeSpan.FromSeconds(1), "it went too soon");
        Assert.True(longest <= TimeSpan.FromSeconds(1.1), $"it was still there after {longest}");
        Assert.Empty(await counter.TopAsync(10, cancellationToken: Cancellation));
        Assert.Equal(0, await counter.TotalAsync(cancellationToken: Cancellation));
    }

    [Fact]
    public async Task A_shorter_window_sees_less()
    {
        await using var host = await StartAsync(counter => (counter.Window, counter.Resolution) = (TimeSpan.FromSeconds(60), TimeSpan.FromMilliseconds(100)));
        var counter = host.Get<IRollingCounters>().Get("test");
        await counter.IncrementAsync("a", 1, Cancellation);
        while (await counter.SumAsync("a", TimeSpan.FromMilliseconds(300), Cancellation) > 0)
        {
            Cancellation.ThrowIfCancellationRequested();
        }

        await counter.IncrementAsync("a", 1, Cancellation);

        Assert.Equal(2, await counter.SumAsync("a", cancellationToken: Cancellation));
        var buckets = await counter.BucketsAsync("a", cancellationToken: Cancellation);
        Assert.Equal(601, buckets.Count);
        Assert.Equal([1, 1], buckets.Select(bucket => bucket.Count).Where(count => count > 0));
        Assert.All(buckets.Zip(buckets.Skip(1)), pair => Assert.Equal(TimeSpan.FromMilliseconds(100), pair.Second.StartsAt - pair.First.StartsAt));
        Assert.Equal(2, (await counter.BucketsAsync(cancellationToken: Cancellation)).Sum(bucket => bucket.Count));
    }

    [Fact]
    public async Task Members_beyond_what_a_bucket_tells_apart_are_counted_together()
    {
        await using var host = await StartAsync(counter =>
        {
            (counter.Window, counter.Resolution) = (Days, TimeSpan.FromDays(1));
            counter.MaximumMembers = 3;
        });
        var counter = host.Get<IRollingCounters>().Get("test");
        foreach (var number in Enumerable.Range(1, 10))
        {
            await counter.IncrementAsync($"member {number}", 10, Cancellation);
        }

        await counter.IncrementAsync("member 2", 1, Cancellation);

        Assert.Equal(
            [
                new RollingCount(RollingCount.Others, 70), new RollingCount("member 2", 11), new RollingCount("member 3", 10),
                new RollingCount("member 1", 10),
            ],
            await counter.TopAsync(100, cancellationToken: Cancellation));
        Assert.Equal(101, await counter.TotalAsync(cancellationToken: Cancellation));
        var name = Assert.Single(await KeysAsync(host));
        Assert.Equal(3 + 2, await host.Redis.SortedSetLengthAsync(name));
    }

    [Fact]
    public async Task Buckets_go_by_themselves()
    {
        await using var host = await StartAsync();
        await host.Get<IRollingCounters>().Get("test").IncrementAsync("a", 1, Cancellation);

        Assert.InRange((await host.Redis.KeyTimeToLiveAsync(Assert.Single(await KeysAsync(host))))!.Value, TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(6));
    }

    [Fact]
    public async Task Two_processes_with_64_callers_each_lose_no_count()
    {
        const int Times = 5000;
        await using var host = await RealtimeHost.StartAsync(fixture.Servers, CountWork.Register);
        await using var worker = await WorkerProcess.StartAsync("counts", host, $"{Times}");
        var counter = host.Get<IRollingCounters>().Get(CountWork.Counter);
        await worker.GoAsync();
        var own = await CountWork.CountAsync(counter, Times);
        var others = int.Parse(await worker.ResultAsync(), CultureInfo.InvariantCulture);

        Assert.Equal(2 * Times, own + others);
        Assert.Equal(2 * Times, await counter.TotalAsync(cancellationToken: Cancellation));
        var top = await counter.TopAsync(10, cancellationToken: Cancellation);
        Assert.Equal(CountWork.Members, top.Count);
        Assert.Equal(2 * Times, top.Sum(count => count.Count));
        Assert.All(top, count => Assert.InRange(count.Count, 2 * (Times / CountWork.Members), 2 * ((Times / CountWork.Members) + 1)));
    }

    [Fact]
    public async Task What_is_no_bucket_gives_way()
    {
        await using var host = await StartAsync(counter => (counter.Window, counter.Resolution) = (Days, TimeSpan.FromDays(1)));
        var counter = host.Get<IRollingCounters>().Get("test");
        await counter.IncrementAsync("a", 1, Cancellation);
        var name = Assert.Single(await KeysAsync(host));
        await host.Redis.KeyDeleteAsync(name);
        await host.Redis.StringSetAsync(name, "not a bucket");

        Assert.Equal(0, await counter.SumAsync("a", cancellationToken: Cancellation));
        Assert.Empty(await counter.TopAsync(10, cancellationToken: Cancellation));
        Assert.True(await counter.IncrementAsync("a", 2, Cancellation));
        Assert.Equal(2, await counter.SumAsync("a", cancellationToken: Cancellation));
    }

    [Fact]
    public async Task Bad_input_is_refused_at_once()
    {
        await using var host = await StartAsync();
        var counters = host.Get<IRollingCounters>();
        var counter = counters.Get("test");

        Assert.Throws<ArgumentException>(() => counters.Get("nobody"));
        await Assert.ThrowsAsync<ArgumentException>(async () => await counter.IncrementAsync("", 1, Cancellation));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await counter.IncrementAsync("a", 0, Cancellation));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => counter.TopAsync(0, cancellationToken: Cancellation));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => counter.SumAsync("a", TimeSpan.Zero, Cancellation));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => counter.TotalAsync(TimeSpan.FromMinutes(6), Cancellation));
    }

    [Theory]
    [InlineData(0, 0, 1)]
    [InlineData(300, 0, 1)]
    [InlineData(300, 400_000, 1)]
    [InlineData(300, 100, 1)]
    [InlineData(300, 10_000, 0)]
    public async Task Settings_outside_their_range_are_refused_at_start(int windowSeconds, int resolutionMilliseconds, int members)
    {
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => StartAsync(counter =>
        {
            (counter.Window, counter.Resolution) = (TimeSpan.FromSeconds(windowSeconds), TimeSpan.FromMilliseconds(resolutionMilliseconds));
            counter.MaximumMembers = members;
        }));

        Assert.Contains("of test must", error.Message, StringComparison.Ordinal);
    }

    private static async Task<List<string>> KeysAsync(RealtimeHost host)
    {
        var keys = new List<string>();
        await foreach (var key in host.Redis.Multiplexer.GetServers()[0].KeysAsync(pattern: $"{host.Prefix}:counter:*").WithCancellation(Cancellation))
        {
            keys.Add(key!);
        }

        return keys;
    }

    private Task<RealtimeHost> StartAsync(Action<RollingCounterOptions>? configure = null) => RealtimeHost.StartAsync(
        fixture.Servers, builder => builder.AddRollingCounters(counters => counters.Add("test", configure)));
}
