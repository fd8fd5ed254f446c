using System.Globalization;
using HybridStore.Realtime.RateLimiting;
using HybridStore.Realtime.Redis;
using HybridStore.Resilience;
using HybridStore.Servers;
using Microsoft.Extensions.Time.Testing;
using StackExchange.Redis;

namespace HybridStore.Realtime.Tests.Calling;

public class ScriptCombinerTests
{
    private static readonly RateLimitScript Script = new("test", RateLimit.FixedWindow(1000, TimeSpan.FromHours(1)));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_comes_while_two_calls_are_under_way_leaves_together()
    {
        await using var servers = await StartAsync();
        await using var host = await RealtimeHost.StartAsync(servers, builder => ServiceUnderTest.Register(builder));
        var combiner = Combiner(host);
        await combiner.EvaluateAsync(["warm"], [1], Cancellation);
        var before = await CallsAsync(servers);
        await servers.Redis.PauseAsync(Cancellation);
        var calls = Enumerable.Range(1, 10).Select(
            number => combiner.EvaluateAsync([$"{number}"], [number], Cancellation).AsTask()).ToArray();
        Assert.All(calls, call => Assert.False(call.IsCompleted));
        await servers.Redis.ResumeAsync(Cancellation);
        var answers = await Task.WhenAll(calls);

        Assert.Equal(
            Enumerable.Range(1, 10).Select(number => 1000 - number),
            answers.Select(answer => answer.TryGetValue(out var value) && RateLimitScript.TryParse(value, out var counted) ? counted.Remaining : -1));
        Assert.Equal(before + 3, await CallsAsync(servers));
    }

    [Fact]
    public async Task Nobody_waits_for_two_time_outs()
    {
        await using var servers = await StartAsync();
        var time = new FakeTimeProvider();
        await using var host = await RealtimeHost.StartAsync(
            servers, builder => ServiceUnderTest.Register(builder), options => options.CircuitBreaker.FailureThreshold = 1000, time: time);
        var combiner = Combiner(host, time);
        await combiner.EvaluateAsync(["warm"], [1], Cancellation);
        await servers.Redis.PauseAsync(Cancellation);
        try
        {
            var calls = Enumerable.Range(1, 10).Select(
                number => combiner.EvaluateAsync([$"{number}"], [number], Cancellation).AsTask()).ToArray();
            time.Advance(host.Get<ServiceUnderTest>().Link.Timeout);
            var answers = await Task.WhenAll(calls);

            Assert.Equal(2, answers.Count(answer => answer.Status == RedisCallStatus.Failed));
            Assert.Equal(8, answers.Count(answer => answer.Status == RedisCallStatus.Refused));
        }
        finally
        {
            await servers.Redis.ResumeAsync(Cancellation);
        }
    }

    [Fact]
    public async Task Who_gives_up_waiting_takes_nobody_along()
    {
        await using var servers = await StartAsync();
        await using var host = await RealtimeHost.StartAsync(servers, builder => ServiceUnderTest.Register(builder));
        var combiner = Combiner(host);
        await combiner.EvaluateAsync(["warm"], [1], Cancellation);
        await servers.Redis.PauseAsync(Cancellation);
        using var first = new CancellationTokenSource();
        using var third = new CancellationTokenSource();
        Task<RedisCallResult<RedisResult>>[] calls =
        [
            combiner.EvaluateAsync(["1"], [1], first.Token).AsTask(),
            combiner.EvaluateAsync(["2"], [1], Cancellation).AsTask(),
            combiner.EvaluateAsync(["3"], [1], third.Token).AsTask(),
            combiner.EvaluateAsync(["4"], [1], Cancellation).AsTask(),
        ];
        await first.CancelAsync();
        await third.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => calls[0]);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => calls[2]);
        await servers.Redis.ResumeAsync(Cancellation);

        Assert.Equal(RedisCallStatus.Ok, (await calls[1]).Status);
        Assert.Equal(RedisCallStatus.Ok, (await calls[3]).Status);
        Assert.Equal(RedisCallStatus.Ok, (await combiner.EvaluateAsync(["5"], [1], Cancellation)).Status);
    }

    private static Task<TestServers> StartAsync() => TestServers.StartAsync(new TestServersOptions { Controllable = true }, Cancellation);

    private static ScriptCombiner Combiner(RealtimeHost host, TimeProvider? time = null) => new(
        host.Get<ServiceUnderTest>().Link,
        new RealtimeOperation("things", "take"),
        Script.Script,
        Script.Arguments,
        time ?? TimeProvider.System);

    private static async Task<long> CallsAsync(TestServers servers) =>
        ((string)(await servers.Redis.RunAsync("INFO", "commandstats"))!).Split('\n')
            .Where(line => line.StartsWith("cmdstat_evalsha:", StringComparison.Ordinal))
            .Sum(line => long.Parse(line.Split("calls=")[1].Split(',')[0], CultureInfo.InvariantCulture));
}
