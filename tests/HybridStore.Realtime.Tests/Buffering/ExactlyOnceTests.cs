using System.Globalization;
using HybridStore.Realtime.Buffering;
using HybridStore.Realtime.Worker;
using HybridStore.Servers;

namespace HybridStore.Realtime.Tests.Buffering;

public class ExactlyOnceTests(ServersFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string> Steps => [.. Enum.GetNames<BufferStep>()];

    [Fact]
    public async Task All_of_200000_rows_arrive_once_while_their_workers_are_killed()
    {
        const int Rows = 200_000;
        const int Kills = 5;
        await using var host = await StartAsync(fixture.Servers);
        var appending = Task.Run(() => BufferWork.AppendAsync(host.Get<IWriteBuffer<BufferedRow>>(), 0, Rows), Cancellation);
        var before = 0L;
        for (var kill = 0; kill < Kills; kill++)
        {
            await using var worker = await StartWorkerAsync(host, BufferWork.NoStep, 0, 0);
            await Eventually.HappensAsync(async () => await CountAsync(host) > before || before == Rows);
            await worker.KillAsync();
            before = await CountAsync(host);
        }

        await appending;
        await using var last = await StartWorkerAsync(host, BufferWork.NoStep, 0, 0);
        await host.Get<IWriteBuffer<BufferedRow>>().FlushAsync(Cancellation);

        await AssertArrivedAsync(host, Rows);
    }

    [Theory]
    [MemberData(nameof(Steps))]
    public async Task What_a_worker_was_at_when_it_was_killed_arrives_once(string step)
    {
        await using var host = await StartAsync(fixture.Servers);
        await using var worker = await StartWorkerAsync(host, step, 0, 500);
        await worker.GoAsync();
        Assert.Equal("reached", await worker.ResultAsync());

        await worker.KillAsync();
        await using var next = await StartAsync(fixture.Servers, host, runWorkers: true);
        await Eventually.HappensAsync(async () => await CountAsync(host) >= 500);
        await Eventually.HappensAsync(async () => (await host.Get<IWriteBuffer<BufferedRow>>().GetStatusAsync(Cancellation)).Length == 0);

        await AssertArrivedAsync(host, 500);
    }

    [Fact]
    public async Task Rows_of_two_processes_with_64_callers_each_arrive_once()
    {
        await using var host = await StartAsync(fixture.Servers);
        await using var one = await StartWorkerAsync(host, BufferWork.NoStep, 0, 20_000);
        await using var two = await StartWorkerAsync(host, BufferWork.NoStep, 20_000, 20_000);

        await Task.WhenAll(one.GoAsync(), two.GoAsync());
        Assert.Equal(["flushed", "flushed"], await Task.WhenAll(one.ResultAsync(), two.ResultAsync()));

        await AssertArrivedAsync(host, 40_000);
    }

    [Fact]
    public async Task A_worker_that_has_lost_its_partition_writes_nothing_that_its_successor_has_written()
    {
        var held = new HeldSteps(BufferStep.Write);
        await using var slow = await ClickBuffer.StartAsync(
            fixture.Servers, options => (options.Partitions, options.Gate) = (2, held));
        await slow.Clicks().AppendAsync(from: 1, count: 400, callers: 1);
        await Eventually.HappensAsync(() => held.Waiting == 2);

        // It is given half of the partitions, while the first one is about to write both.
        await using var successor = await ClickBuffer.StartAsync(fixture.Servers, options => options.Partitions = 2, besides: slow);
        await slow.ArriveAsync(1);
        held.Open();
        await slow.Clicks().FlushAsync(Cancellation);

        await slow.AssertArrivedAsync(Enumerable.Range(1, 400));
    }

    [Fact]
    public async Task What_Redis_brings_back_from_an_older_snapshot_does_not_arrive_again()
    {
        await using var host = await ClickBuffer.StartAsync(fixture.Servers, options => (options.RunWorkers, options.Partitions) = (false, 1));
        await host.Clicks().AppendRangeAsync([Click.Of(1), Click.Of(2)], Cancellation);
        var keys = host.Redis.Multiplexer.GetServers()[0].Keys(pattern: $"{host.Prefix}:buffer:*").ToList();
        var snapshot = new List<byte[]>();
        foreach (var key in keys)
        {
            snapshot.Add((await host.Redis.KeyDumpAsync(key))!);
        }

        await using var worker = await ClickBuffer.StartAsync(fixture.Servers, options => options.Partitions = 1, besides: host);
        await host.Clicks().FlushAsync(Cancellation);
        await Eventually.HappensAsync(async () => (await host.Clicks().GetStatusAsync(Cancellation)).Length == 0);
        for (var index = 0; index < keys.Count; index++)
        {
            await host.Redis.KeyDeleteAsync(keys[index]);
            await host.Redis.KeyRestoreAsync(keys[index], snapshot[index]);
        }

        await host.Clicks().AppendAsync(Click.Of(3), Cancellation);
        await host.ArriveAsync(3);

        await host.AssertArrivedAsync([1, 2, 3]);
    }

    [Fact]
    public async Task Rows_arrive_whatever_the_clock_of_Redis_does()
    {
        await using var host = await ClickBuffer.StartAsync(fixture.Servers, options => (options.RunWorkers, options.Partitions) = (false, 1));
        await using var worker = await ClickBuffer.StartAsync(fixture.Servers, options => options.Partitions = 1, besides: host);
        var stream = $"{host.Prefix}:buffer:{{clicks:p0}}";

        // Ids far ahead, as of a server whose clock was wrong; then that server is replaced.
        await host.Redis.StreamAddAsync(stream, "d", "x", "9999999999999-0");
        await host.Clicks().AppendAsync(Click.Of(1), Cancellation);
        await host.ArriveAsync(1);
        await host.Redis.KeyDeleteAsync(stream);
        await host.Clicks().AppendAsync(Click.Of(2), Cancellation);
        await host.ArriveAsync(2);

        await host.AssertArrivedAsync([1, 2]);
    }

    [Fact]
    public async Task A_commit_whose_answer_was_lost_is_not_repeated()
    {
        await using var servers = await TestServers.StartAsync(new TestServersOptions { Controllable = true }, Cancellation);
        var held = new HeldSteps(BufferStep.Commit);
        await using var host = await ClickBuffer.StartAsync(servers, options => (options.Partitions, options.Gate) = (1, held));
        await host.Clicks().AppendRangeAsync([Click.Of(1), Click.Of(2)], Cancellation);
        await Eventually.HappensAsync(() => held.Waiting == 1);

        var cut = servers.Postgres.Proxy.CutReplyAfterRequest("COMMIT");
        held.Open();
        await cut.WaitAsync(TimeSpan.FromSeconds(10), Cancellation);
        servers.Postgres.Proxy.Restore();
        await host.Clicks().FlushAsync(Cancellation);

        await host.AssertArrivedAsync([1, 2]);
        await host.LoggedAsync(3400);
    }

    [Fact]
    public async Task Of_rows_written_through_whose_commit_was_not_answered_nothing_is_known()
    {
        await using var servers = await TestServers.StartAsync(new TestServersOptions { Controllable = true }, Cancellation);
        await using var host = await ClickBuffer.StartAsync(servers, options =>
        {
            (options.RunWorkers, options.Partitions, options.MaximumLength) = (false, 1, 1);
            options.WhenFull = BufferOverflow.WriteThrough;
        });

        // The whole statement: a transaction begins as READ COMMITTED.
        var cut = servers.Postgres.Proxy.CutReplyAfterRequest("COMMIT\0");
        var error = await Assert.ThrowsAsync<BufferAppendUnknownException>(
            () => host.Clicks().AppendRangeAsync([Click.Of(1), Click.Of(2)], Cancellation).AsTask());
        await cut.WaitAsync(TimeSpan.FromSeconds(10), Cancellation);
        servers.Postgres.Proxy.Restore();

        Assert.Equal(1, error.RowsTaken);
        host.DataSource.Clear();
        await host.ArriveAsync(1);
        await host.AssertArrivedAsync([2]);
    }

    private static async Task<RealtimeHost> StartAsync(TestServers servers, RealtimeHost? besides = null, bool runWorkers = false)
    {
        var host = await RealtimeHost.StartAsync(
            servers, builder => BufferWork.Add(builder, options => options.RunWorkers = runWorkers), besides: besides);
        if (besides is null)
        {
            await host.ExecuteAsync("create table buffered_row (id integer not null)");
        }

        return host;
    }

    private static Task<WorkerProcess> StartWorkerAsync(RealtimeHost host, string step, int from, int count) => WorkerProcess.StartAsync(
        BufferWork.Name, host, step, from.ToString(CultureInfo.InvariantCulture), count.ToString(CultureInfo.InvariantCulture));

    private static Task<long> CountAsync(RealtimeHost host) => host.ScalarAsync<long>("select count(*) from buffered_row");

    private static async Task AssertArrivedAsync(RealtimeHost host, int rows)
    {
        Assert.Equal(
            $"{rows} rows, {rows} of them different, from 0 to {rows - 1}",
            await host.ScalarAsync<string>(
                "select format('%s rows, %s of them different, from %s to %s', count(*), count(distinct id), min(id), max(id)) from buffered_row"));
        Assert.Equal(0, (await host.Get<IWriteBuffer<BufferedRow>>().GetStatusAsync(Cancellation)).DeadLetters);
    }
}
