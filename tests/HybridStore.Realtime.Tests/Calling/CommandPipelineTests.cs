using HybridStore.Realtime.Redis;
using HybridStore.Resilience;
using HybridStore.Servers;
using Microsoft.Extensions.Time.Testing;
using StackExchange.Redis;

namespace HybridStore.Realtime.Tests.Calling;

public class CommandPipelineTests(ServersFixture fixture)
{
    private const int MostUnderWay = 3;
    private const int CircuitOpened = 1005;

    private static readonly RealtimeOperation Get = new("things", "get");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_of_many_callers_gets_the_answer_to_its_own_command()
    {
        await using var host = await RealtimeHost.StartAsync(fixture.Servers, builder => ServiceUnderTest.Register(builder));
        var pipeline = Pipeline(host);
        var keys = Enumerable.Range(0, 500).Select(number => (RedisKey)$"{host.Prefix}:{number}").ToArray();
        await Task.WhenAll(keys.Select(key => host.Redis.StringSetAsync(key, (string?)key)));

        await Task.WhenAll(Enumerable.Range(0, 64).Select(caller => Task.Run(
            async () =>
            {
                for (var number = caller; number < 10 * keys.Length; number += 64)
                {
                    var key = keys[number % keys.Length];
                    Assert.Equal((string?)key, Value(await pipeline.MakeAsync(key, Cancellation)));
                }
            },
            Cancellation)));
        Assert.Equal(RedisValue.Null, Value(await pipeline.MakeAsync($"{host.Prefix}:nothing", Cancellation)));
    }

    [Fact]
    public async Task A_command_that_fails_fails_its_own_caller_only()
    {
        await using var servers = await StartAsync();
        await using var host = await RealtimeHost.StartAsync(
            servers, builder => ServiceUnderTest.Register(builder), options => options.CircuitBreaker.FailureThreshold = 1);
        var pipeline = Pipeline(host);
        await host.Redis.StringSetAsync("text", "value");
        await host.Redis.HashSetAsync("hash", "field", "value");
        await servers.Redis.PauseAsync(Cancellation);
        var underWay = Enumerable.Range(0, MostUnderWay).Select(_ => pipeline.MakeAsync("hash", Cancellation).AsTask()).ToArray();
        RedisKey[] keys = ["text", "hash", "text", "hash"];
        var together = keys.Select(key => pipeline.MakeAsync(key, Cancellation).AsTask()).ToArray();
        await servers.Redis.ResumeAsync(Cancellation);

        Assert.All(await Task.WhenAll(underWay), answer => Assert.True(RequiredAnswers.IsOfWrongType(answer)));
        var answers = await Task.WhenAll(together);
        Assert.Equal(["value", "value"], [Value(answers[0]), Value(answers[2])]);
        Assert.True(RequiredAnswers.IsOfWrongType(answers[1]));
        Assert.True(RequiredAnswers.IsOfWrongType(answers[3]));

        // Who answers serves.
        Assert.Equal("value", Value(await pipeline.MakeAsync("text", Cancellation)));
    }

    [Fact]
    public async Task Nobody_waits_for_two_time_outs()
    {
        await using var servers = await StartAsync();
        var time = new FakeTimeProvider();
        await using var host = await RealtimeHost.StartAsync(
            servers, builder => ServiceUnderTest.Register(builder), options => options.CircuitBreaker.FailureThreshold = 1000, time: time);
        var pipeline = Pipeline(host, time);
        await pipeline.MakeAsync("warm", Cancellation);
        await servers.Redis.PauseAsync(Cancellation);
        try
        {
            var calls = Enumerable.Range(0, 20).Select(_ => pipeline.MakeAsync("text", Cancellation).AsTask()).ToArray();
            time.Advance(host.Get<ServiceUnderTest>().Link.Timeout);
            var answers = await Task.WhenAll(calls);

            Assert.Equal(MostUnderWay, answers.Count(answer => answer.IsFailed));
            Assert.Equal(20 - MostUnderWay, answers.Count(answer => answer.IsRefused));
        }
        finally
        {
            await servers.Redis.ResumeAsync(Cancellation);
        }
    }

    [Fact]
    public async Task Commands_that_are_lost_together_with_their_connection_open_the_circuit_and_those_who_come_later_are_served()
    {
        await using var servers = await StartAsync();
        await using var host = await RealtimeHost.StartAsync(
            servers, builder => ServiceUnderTest.Register(builder), options => options.CircuitBreaker.FailureThreshold = 1);
        var pipeline = Pipeline(host);
        await pipeline.MakeAsync("warm", Cancellation);
        await servers.Redis.PauseAsync(Cancellation);
        var calls = Enumerable.Range(0, 20).Select(_ => pipeline.MakeAsync("text", Cancellation).AsTask()).ToArray();
        await servers.Redis.KillAsync(Cancellation);

        Assert.All(await Task.WhenAll(calls), answer => Assert.NotEqual(RedisCallStatus.Ok, answer.Status));
        Assert.Contains(host.Logs.GetSnapshot(), line => line.Id.Id == CircuitOpened);
        await servers.Redis.StartAsync(Cancellation);
        await Eventually.HappensAsync(async () => (await pipeline.MakeAsync("text", Cancellation)).Status == RedisCallStatus.Ok);
    }

    [Fact]
    public async Task A_batch_that_lacks_a_few_answers_counts_as_answered_and_one_without_any_does_not()
    {
        await using var host = await RealtimeHost.StartAsync(
            fixture.Servers, builder => ServiceUnderTest.Register(builder), options => options.CircuitBreaker.FailureThreshold = 1);
        var broken = new RedisConnectionException(ConnectionFailureType.SocketFailure, CommandFlags.None, "broken");
        var wrong = new RedisServerException(RedisErrorKind.WrongType, CommandFlags.None, "WRONGTYPE");
        var gate = new TaskCompletionSource();
        var pipeline = new CommandPipeline<Exception?, RedisValue>(
            host.Get<ServiceUnderTest>().Link,
            Get,
            _ => $"{host.Prefix}:any",
            async (_, failure) =>
            {
                await gate.Task;
                return failure is null ? "value" : throw failure;
            },
            TimeProvider.System);
        Exception?[] commands = [null, wrong, wrong, broken, null, wrong, broken];
        var calls = commands.Select(command => pipeline.MakeAsync(command, Cancellation).AsTask()).ToArray();
        gate.SetResult();

        Assert.Equal(commands, (await Task.WhenAll(calls)).Select(answer => answer.Error));
        Assert.DoesNotContain(host.Logs.GetSnapshot(), line => line.Id.Id == CircuitOpened);
        Assert.Same(broken, (await pipeline.MakeAsync(broken, Cancellation)).Error);
        Assert.Contains(host.Logs.GetSnapshot(), line => line.Id.Id == CircuitOpened);
    }

    private static string? Value(RedisCallResult<RedisValue> answer)
    {
        Assert.True(answer.TryGetValue(out var value), $"{answer.Status}: {answer.Error}");
        return value;
    }

    private static Task<TestServers> StartAsync() => TestServers.StartAsync(new TestServersOptions { Controllable = true }, Cancellation);

    private static CommandPipeline<RedisKey, RedisValue> Pipeline(RealtimeHost host, TimeProvider? time = null) => new(
        host.Get<ServiceUnderTest>().Link,
        Get,
        static key => key,
        static (database, key) => database.StringGetAsync(key, CommandFlags.DemandMaster),
        time ?? TimeProvider.System);
}
