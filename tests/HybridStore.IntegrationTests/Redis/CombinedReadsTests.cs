using HybridStore.Redis;
using HybridStore.Redis.CombinedReads;
using HybridStore.Resilience;
using Microsoft.Extensions.Time.Testing;
using Polly.CircuitBreaker;
using StackExchange.Redis;

namespace HybridStore.IntegrationTests.Redis;

public sealed class CombinedReadsTests(ServersFixture servers)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_read_that_finds_nothing_in_flight_is_sent_alone_and_at_once()
    {
        await using var rig = await CombinerRig.StartAsync(servers);
        await rig.FillAsync(3);

        for (var number = 0; number < 3; number++)
        {
            var read = rig.ReadAsync(number, Cancellation);

            // On its way before the caller gets its task back.
            Assert.Equal(number + 1, rig.Calls.Length);
            Assert.Equal(CombinerRig.Value(number), ValueOf(await read));
        }

        Assert.Equal([0, 0, 0], rig.Calls);
    }

    [Fact]
    public async Task An_absent_key_is_an_answer_without_a_value()
    {
        await using var rig = await CombinerRig.StartAsync(servers);
        await rig.FillAsync(2);
        using var held = rig.Proxy.HoldReply(rig.Key(0));
        var first = rig.ReadAsync(0, Cancellation);
        await held.Arrived.WaitAsync(Patience, Cancellation);
        var others = rig.Read(1, 2);
        held.Release();

        Assert.Equal(CombinerRig.Value(0), ValueOf(await first));
        Assert.Equal(CombinerRig.Value(1), ValueOf(await others[0]));
        Assert.True((await others[1]).TryGetValue(out var absent));
        Assert.True(absent.Value.IsNull);
    }

    [Fact]
    public async Task Reads_that_arrive_while_a_call_is_in_flight_leave_together()
    {
        await using var rig = await CombinerRig.StartAsync(servers);
        await rig.FillAsync(6);
        using var held = rig.Proxy.HoldReply(rig.Key(0));
        var first = rig.ReadAsync(0, Cancellation);
        await held.Arrived.WaitAsync(Patience, Cancellation);

        var others = rig.Read(1, 5);
        Assert.Equal([0], rig.Calls);
        held.Release();

        Assert.Equal(CombinerRig.Value(0), ValueOf(await first));
        await AssertOwnValuesAsync(others, 1);
        Assert.Equal([0, 5], rig.Calls);
    }

    [Fact]
    public async Task A_call_is_bounded_in_keys()
    {
        const int Waiting = (2 * ReadCombiner.KeysPerCall) + 1;
        await using var rig = await CombinerRig.StartAsync(servers);
        await rig.FillAsync(Waiting + 1);
        using var held = rig.Proxy.HoldReply(rig.Key(0));
        var first = rig.ReadAsync(0, Cancellation);
        await held.Arrived.WaitAsync(Patience, Cancellation);
        var others = rig.Read(1, Waiting);
        held.Release();

        Assert.Equal(CombinerRig.Value(0), ValueOf(await first));
        await AssertOwnValuesAsync(others, 1);
        Assert.Equal([0, ReadCombiner.KeysPerCall, ReadCombiner.KeysPerCall, 1], rig.Calls);
    }

    [Fact]
    public async Task A_failed_call_fails_only_its_own_reads()
    {
        await using var rig = await CombinerRig.StartAsync(servers);
        await rig.FillAsync(10);
        using var first = rig.Proxy.HoldReply(rig.Key(0));
        var alone = rig.ReadAsync(0, Cancellation);
        await first.Arrived.WaitAsync(Patience, Cancellation);
        var failing = rig.Read(1, 3);
        using var second = rig.Proxy.HoldReply(rig.Key(2));
        first.Release();
        Assert.Equal(CombinerRig.Value(0), ValueOf(await alone));
        await second.Arrived.WaitAsync(Patience, Cancellation);
        var later = rig.Read(4, 9);

        rig.Proxy.Reset();

        foreach (var read in failing)
        {
            Assert.IsType<RedisConnectionException>((await read).Error);
        }

        await AssertOwnValuesAsync(later, 4);
        Assert.Equal([0, 3, 6], rig.Calls);
    }

    [Fact]
    public async Task A_failed_first_read_does_not_hold_up_those_that_wait_behind_it()
    {
        await using var rig = await CombinerRig.StartAsync(servers);
        await rig.FillAsync(5);
        await rig.Multiplexer.GetDatabase().KeyDeleteAsync(rig.Key(0));
        await rig.Multiplexer.GetDatabase().ListLeftPushAsync(rig.Key(0), "no string");
        using var held = rig.Proxy.HoldReply(rig.Key(0));
        var first = rig.ReadAsync(0, Cancellation);
        await held.Arrived.WaitAsync(Patience, Cancellation);
        var others = rig.Read(1, 4);
        held.Release();

        Assert.IsType<RedisServerException>((await first).Error);
        await AssertOwnValuesAsync(others, 1);
    }

    [Fact]
    public async Task A_read_that_is_cancelled_while_it_waits_is_not_sent_and_leaves_the_others()
    {
        await using var rig = await CombinerRig.StartAsync(servers);
        await rig.FillAsync(4);
        using var held = rig.Proxy.HoldReply(rig.Key(0));
        var first = rig.ReadAsync(0, Cancellation);
        await held.Arrived.WaitAsync(Patience, Cancellation);
        using var going = new CancellationTokenSource();
        var before = rig.ReadAsync(1, Cancellation);
        var cancelled = rig.ReadAsync(2, going.Token);
        var after = rig.ReadAsync(3, Cancellation);

        await going.CancelAsync();
        var cancellation = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        Assert.Equal(going.Token, cancellation.CancellationToken);
        held.Release();

        Assert.Equal(CombinerRig.Value(0), ValueOf(await first));
        Assert.Equal(CombinerRig.Value(1), ValueOf(await before));
        Assert.Equal(CombinerRig.Value(3), ValueOf(await after));
        Assert.Equal([0, 2], rig.Calls);
    }

    [Fact]
    public async Task A_read_that_is_cancelled_in_flight_leaves_the_others_of_its_call()
    {
        await using var rig = await CombinerRig.StartAsync(servers);
        await rig.FillAsync(4);
        using var first = rig.Proxy.HoldReply(rig.Key(0));
        using var going = new CancellationTokenSource();
        var alone = rig.ReadAsync(0, going.Token);
        await first.Arrived.WaitAsync(Patience, Cancellation);
        using var leaving = new CancellationTokenSource();
        var before = rig.ReadAsync(1, Cancellation);
        var cancelled = rig.ReadAsync(2, leaving.Token);
        var after = rig.ReadAsync(3, Cancellation);

        // The one that was sent goes first; its call is under way all the same, and those that waited follow it.
        await going.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => alone);
        Assert.Equal([0, 3], rig.Calls);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        first.Release();

        Assert.Equal(CombinerRig.Value(1), ValueOf(await before));
        Assert.Equal(CombinerRig.Value(3), ValueOf(await after));
    }

    [Fact]
    public async Task A_token_that_is_cancelled_already_sends_nothing()
    {
        await using var rig = await CombinerRig.StartAsync(servers);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => rig.ReadAsync(0, new CancellationToken(canceled: true)));

        Assert.Empty(rig.Calls);
    }

    [Fact]
    public async Task A_call_counts_once_with_the_breaker_however_many_reads_it_carries()
    {
        await using var rig = await CombinerRig.StartAsync(servers, new CircuitBreakerOptions { FailureThreshold = 2 });
        await rig.FillAsync(12);
        using var first = rig.Proxy.HoldReply(rig.Key(0));
        var alone = rig.ReadAsync(0, Cancellation);
        await first.Arrived.WaitAsync(Patience, Cancellation);
        var failing = rig.Read(1, 10);
        using var second = rig.Proxy.HoldReply(rig.Key(5));
        first.Release();
        await alone;
        await second.Arrived.WaitAsync(Patience, Cancellation);
        rig.Proxy.Reset();

        Assert.All(await Task.WhenAll(failing), static result => Assert.True(result.IsFailed));
        Assert.Equal(CircuitState.Closed, rig.Breaker.State);
    }

    [Fact]
    public async Task Nothing_waits_for_two_time_outs_and_nothing_queues_while_the_circuit_is_open()
    {
        var time = new FakeTimeProvider();
        await using var rig = await CombinerRig.StartAsync(
            servers, new CircuitBreakerOptions { FailureThreshold = 1 }, TimeSpan.FromSeconds(1), time);
        using var held = rig.Proxy.HoldReply(rig.Key(0));
        var sent = rig.ReadAsync(0, Cancellation);
        await held.Arrived.WaitAsync(Patience, Cancellation);
        var waiting = rig.Read(1, 3);

        time.Advance(TimeSpan.FromSeconds(1));

        Assert.True((await sent.WaitAsync(Patience, Cancellation)).IsFailed);
        foreach (var read in waiting)
        {
            Assert.True((await read.WaitAsync(Patience, Cancellation)).IsRefused);
        }

        Assert.Equal(CircuitState.Open, rig.Breaker.State);
        Assert.True((await rig.ReadAsync(4, Cancellation)).IsRefused);
        Assert.Equal([0], rig.Calls);
    }

    [Fact]
    public async Task Once_a_call_was_not_answered_one_read_at_a_time_tries_and_the_others_do_without()
    {
        var time = new FakeTimeProvider();
        await using var rig = await CombinerRig.StartAsync(servers, timeout: TimeSpan.FromSeconds(1), time: time);
        await rig.FillAsync(10);
        using (var unanswered = rig.Proxy.HoldReply(rig.Key(0)))
        {
            var first = rig.ReadAsync(0, Cancellation);
            await unanswered.Arrived.WaitAsync(Patience, Cancellation);
            time.Advance(TimeSpan.FromSeconds(1));
            Assert.True((await first.WaitAsync(Patience, Cancellation)).IsFailed);
        }

        Assert.Equal(CircuitState.Closed, rig.Breaker.State);
        using (var trial = rig.Proxy.HoldReply(rig.Key(1)))
        {
            var tries = rig.ReadAsync(1, Cancellation);
            await trial.Arrived.WaitAsync(Patience, Cancellation);
            Assert.All(await Task.WhenAll(rig.Read(2, 5)), read => Assert.True(read.IsRefused));
            trial.Release();
            Assert.True((await tries.WaitAsync(Patience, Cancellation)).TryGetValue(out _));
        }

        // It has been answered: all are served again, and wait for each other as before.
        Assert.All(await Task.WhenAll(rig.Read(2, 9)), read => Assert.True(read.TryGetValue(out _)));
    }

    [Fact]
    public async Task Under_load_each_caller_gets_its_own_value_and_Redis_gets_few_calls()
    {
        const int Keys = 500;
        const int Callers = 256;
        const int ReadsPerCaller = 40;
        await using var rig = await CombinerRig.StartAsync(servers);
        await rig.FillAsync(Keys);
        var callsBefore = await CommandsAsync();

        var cancelled = 0;
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Run(
            async () =>
            {
                var random = new Random(caller);
                for (var i = 0; i < ReadsPerCaller; i++)
                {
                    var number = random.Next(Keys);
                    using var going = new CancellationTokenSource();
                    var read = rig.Combiner.ReadAsync(rig.Key(number), random.Next(3) == 0 ? going.Token : Cancellation);
                    if (random.Next(2) == 0)
                    {
                        // Comes before, with or after the answer.
                        await going.CancelAsync();
                    }

                    try
                    {
                        Assert.Equal(CombinerRig.Value(number), ValueOf(await read));
                    }
                    catch (OperationCanceledException) when (going.IsCancellationRequested)
                    {
                        Interlocked.Increment(ref cancelled);
                    }
                }
            },
            Cancellation)));

        const int Reads = Callers * ReadsPerCaller;
        Assert.InRange(cancelled, 1, Reads / 2);
        Assert.InRange(rig.Calls.Length, 1, Reads / 4);

        // The server says so too. Other tests use it as well, for far less than that.
        Assert.InRange(await CommandsAsync() - callsBefore, 1, Reads / 2);
    }

    private static string? ValueOf(RedisCallResult<FoundEntry> result) =>
        result.TryGetValue(out var found) ? (string?)found.Value : throw new InvalidOperationException($"{result.Status}", result.Error);

    private static async Task AssertOwnValuesAsync(Task<RedisCallResult<FoundEntry>>[] reads, int first)
    {
        for (var i = 0; i < reads.Length; i++)
        {
            Assert.Equal(CombinerRig.Value(first + i), ValueOf(await reads[i].WaitAsync(Patience, Cancellation)));
        }
    }

    /// <summary>How many GET and MGET the server has carried out.</summary>
    private async Task<long> CommandsAsync()
    {
        var connection = await servers.Redis.ConnectDirectlyAsync();
        var sections = await connection.GetServers().Single().InfoAsync("commandstats");
        return sections
            .SelectMany(section => section)
            .Where(pair => pair.Key is "cmdstat_get" or "cmdstat_mget")
            .Sum(pair => long.Parse(pair.Value.Split('=', ',')[1], System.Globalization.CultureInfo.InvariantCulture));
    }
}
