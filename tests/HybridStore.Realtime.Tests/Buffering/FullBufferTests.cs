namespace HybridStore.Realtime.Tests.Buffering;

public class FullBufferTests(ServersFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_full_buffer_rejects_rows_and_holds_no_more_than_it_may()
    {
        await using var host = await StartAsync(options => options.WhenFull = BufferOverflow.Reject);

        var taken = await CountTakenAsync(host, 100);
        var error = await Assert.ThrowsAsync<BufferFullException>(() => host.Clicks().AppendAsync(Click.Of(1_000), Cancellation).AsTask());

        Assert.Equal(8, taken);
        Assert.Equal(8, (await host.Clicks().GetStatusAsync(Cancellation)).Length);
        Assert.Contains("WhenFull", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rows_that_a_full_buffer_rejects_are_not_there()
    {
        await using var host = await StartAsync(options => options.WhenFull = BufferOverflow.Reject);
        var rows = Enumerable.Range(1, 20).Select(Click.Of).ToList();

        var error = await Assert.ThrowsAsync<BufferFullException>(() => host.Clicks().AppendRangeAsync(rows, Cancellation).AsTask());
        await using var worker = await ClickBuffer.StartAsync(fixture.Servers, options => options.Partitions = 2, besides: host);
        await host.Clicks().FlushAsync(Cancellation);

        await host.AssertArrivedAsync(Enumerable.Range(1, error.RowsTaken));
        Assert.Equal(8, error.RowsTaken);
    }

    [Fact]
    public async Task A_full_buffer_writes_through_with_the_same_hooks_and_refusals()
    {
        await using var host = await StartAsync(
            options => options.Filter(click => click.Id != 12).WhenFull = BufferOverflow.WriteThrough, table: "id integer check (id <> 13), text text");

        await host.Clicks().AppendAsync(from: 1, count: 8, callers: 1);
        await host.Clicks().AppendAsync(from: 9, count: 6);

        await host.AssertArrivedAsync([9, 10, 11, 14]);
        Assert.Equal("23514", Assert.Single(await host.Clicks().GetDeadLettersAsync(cancellationToken: Cancellation)).SqlState);
    }

    [Fact]
    public async Task An_application_s_own_transaction_has_no_part_in_what_is_written_through()
    {
        await using var host = await StartAsync(options => options.WhenFull = BufferOverflow.WriteThrough);
        await host.Clicks().AppendAsync(from: 1, count: 8, callers: 1);

        using (new System.Transactions.TransactionScope(System.Transactions.TransactionScopeAsyncFlowOption.Enabled))
        {
            await host.Clicks().AppendAsync(Click.Of(9), Cancellation);
        }

        await host.AssertArrivedAsync([9]);
    }

    [Fact]
    public async Task A_full_buffer_blocks_until_there_is_room()
    {
        await using var host = await StartAsync(options => options.BlockTimeout = TimeSpan.FromSeconds(30));
        await host.Clicks().AppendAsync(from: 1, count: 8, callers: 1);

        var blocked = host.Clicks().AppendAsync(from: 9, count: 20);
        await using var worker = await ClickBuffer.StartAsync(fixture.Servers, options => options.Partitions = 2, besides: host);
        await blocked;
        await host.Clicks().FlushAsync(Cancellation);

        await host.AssertArrivedAsync(Enumerable.Range(1, 28));
    }

    [Fact]
    public async Task A_full_buffer_blocks_no_longer_than_it_may()
    {
        await using var host = await StartAsync(options => options.BlockTimeout = TimeSpan.FromMilliseconds(50));
        await host.Clicks().AppendAsync(from: 1, count: 8, callers: 1);

        await Assert.ThrowsAsync<BufferFullException>(() => host.Clicks().AppendAsync(Click.Of(9), Cancellation).AsTask());
    }

    [Fact]
    public async Task One_who_waits_for_room_can_be_cancelled()
    {
        await using var host = await StartAsync();
        await host.Clicks().AppendAsync(from: 1, count: 8, callers: 1);
        using var cancelled = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => host.Clicks().AppendAsync(Click.Of(9), cancelled.Token).AsTask());

        Assert.Equal(8, (await host.Clicks().GetStatusAsync(Cancellation)).Length);
    }

    [Fact]
    public async Task Bytes_are_limited_as_rows_are()
    {
        await using var host = await ClickBuffer.StartAsync(fixture.Servers, options =>
        {
            (options.RunWorkers, options.WhenFull, options.Partitions) = (false, BufferOverflow.Reject, 1);
            (options.MaximumBytes, options.MaximumRowBytes) = (1_000, 300);
        });

        var taken = 0;
        await Assert.ThrowsAsync<BufferFullException>(async () =>
        {
            for (; taken < 100; taken++)
            {
                await host.Clicks().AppendAsync(new Click(1, new string('x', 200)), Cancellation);
            }
        });

        Assert.Equal(4, taken);
        Assert.InRange((await host.Clicks().GetStatusAsync(Cancellation)).Bytes, 800, 1_000);

        // A small one still fits.
        await host.Clicks().AppendAsync(Click.Of(1), Cancellation);
    }

    [Fact]
    public async Task Rows_appended_together_are_cut_into_pieces_that_fit_into_a_partition()
    {
        await using var host = await ClickBuffer.StartAsync(fixture.Servers, options =>
        {
            options.Partitions = 1;
            (options.MaximumBytes, options.MaximumRowBytes) = (1_000, 300);
        });

        await host.Clicks().AppendRangeAsync([.. Enumerable.Range(1, 20).Select(id => new Click(id, new string('x', 200)))], Cancellation);
        await host.Clicks().FlushAsync(Cancellation);

        await host.AssertArrivedAsync(Enumerable.Range(1, 20));
    }

    [Fact]
    public async Task A_row_that_is_too_large_is_refused_and_says_what_to_raise()
    {
        await using var host = await ClickBuffer.StartAsync(fixture.Servers, options => options.MaximumRowBytes = 100);
        Click[] rows = [Click.Of(1), new Click(2, new string('x', 200))];

        var error = await Assert.ThrowsAsync<ArgumentException>(() => host.Clicks().AppendAsync(rows[1], Cancellation).AsTask());
        await Assert.ThrowsAsync<ArgumentException>(() => host.Clicks().AppendRangeAsync(rows, Cancellation).AsTask());
        await host.Clicks().FlushAsync(Cancellation);

        Assert.Contains("MaximumRowBytes", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, await host.CountAsync());
    }

    [Fact]
    public async Task Names_of_the_buffer_that_are_something_else_in_Redis_do_not_break_it()
    {
        await using var host = await ClickBuffer.StartAsync(fixture.Servers, options => options.Partitions = 1);
        var stream = $"{host.Prefix}:buffer:{{clicks:p0}}";
        await host.Clicks().AppendAsync(Click.Of(1), Cancellation);
        await host.ArriveAsync(1);
        var keys = host.Redis.Multiplexer.GetServers()[0].Keys(pattern: $"{host.Prefix}:buffer:*:producer:*").Append(stream).Append($"{stream}:state");
        foreach (var key in keys)
        {
            await host.Redis.KeyDeleteAsync(key);
            await host.Redis.SetAddAsync(key, "nonsense");
        }

        await host.Clicks().AppendAsync(Click.Of(2), Cancellation);
        await host.ArriveAsync(2);

        await host.AssertArrivedAsync([1, 2]);
    }

    /// <summary>It takes eight rows, and nobody writes them.</summary>
    private Task<RealtimeHost> StartAsync(Action<WriteBufferOptions<Click>>? configure = null, string table = "id integer, text text") =>
        ClickBuffer.StartAsync(
            fixture.Servers,
            options =>
            {
                (options.RunWorkers, options.MaximumLength, options.Partitions) = (false, 8, 2);
                configure?.Invoke(options);
            },
            table: table);

    private static async Task<int> CountTakenAsync(RealtimeHost host, int count)
    {
        var taken = 0;
        await Task.WhenAll(Enumerable.Range(1, count).Select(id => Task.Run(async () =>
        {
            try
            {
                await host.Clicks().AppendAsync(Click.Of(id), Cancellation);
                Interlocked.Increment(ref taken);
            }
            catch (BufferFullException)
            {
                // Counted by its absence.
            }
        })));
        return taken;
    }
}
