namespace HybridStore.Realtime.Tests.Buffering;

public class HookTests(ServersFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Filters_and_transformations_run_in_their_order()
    {
        await using var host = await ClickBuffer.StartAsync(fixture.Servers, options => options
            .Filter(click => click.Id != 2)
            .Transform(click => click.Id == 3 ? null : click with { Id = click.Id * 10 })
            .Filter(click => click.Id != 40));

        await host.Clicks().AppendRangeAsync([.. Enumerable.Range(1, 5).Select(Click.Of)], Cancellation);
        await host.Clicks().FlushAsync(Cancellation);

        await host.AssertArrivedAsync([10, 50]);
        Assert.Empty(await host.Clicks().GetDeadLettersAsync(cancellationToken: Cancellation));
    }

    [Fact]
    public async Task A_hook_that_throws_puts_its_row_aside_and_the_others_arrive()
    {
        await using var host = await ClickBuffer.StartAsync(
            fixture.Servers, options => options.Filter(click => click.Id != 2 ? true : throw new InvalidOperationException("Not two.")));

        await host.Clicks().AppendRangeAsync([.. Enumerable.Range(1, 3).Select(Click.Of)], Cancellation);
        await host.Clicks().FlushAsync(Cancellation);

        await host.AssertArrivedAsync([1, 3]);
        var letter = Assert.Single(await host.Clicks().GetDeadLettersAsync(cancellationToken: Cancellation));
        Assert.Equal("InvalidOperationException: Not two.", letter.Reason);
        Assert.Null(letter.SqlState);
    }

    [Fact]
    public async Task A_column_that_throws_puts_its_row_aside_and_the_others_arrive()
    {
        await using var host = await ClickBuffer.StartAsync(
            fixture.Servers, options => options.Map("length", click => click.Text!.Length), table: "id integer, text text, length integer");

        await host.Clicks().AppendRangeAsync([Click.Of(1), new Click(2, null), Click.Of(3)], Cancellation);
        await host.Clicks().FlushAsync(Cancellation);

        await host.AssertArrivedAsync([1, 3]);
        Assert.Contains(
            "NullReferenceException",
            Assert.Single(await host.Clicks().GetDeadLettersAsync(cancellationToken: Cancellation)).Reason,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rows_that_are_in_the_table_or_twice_in_a_batch_are_dropped_by_their_unique_columns()
    {
        await using var host = await ClickBuffer.StartAsync(
            fixture.Servers, options => options.DeduplicateOn("id"), table: "id integer primary key, text varchar(5)");
        await host.ExecuteAsync("insert into click values (1, 'first')");

        await host.Clicks().AppendRangeAsync([Click.Of(1), Click.Of(2), Click.Of(2), new Click(3, "too long")], Cancellation);
        await host.Clicks().FlushAsync(Cancellation);
        await host.Clicks().AppendRangeAsync([Click.Of(2), Click.Of(4)], Cancellation);
        await host.Clicks().FlushAsync(Cancellation);

        await host.AssertArrivedAsync([1, 2, 4]);
        Assert.Equal("first", await host.ScalarAsync<string>("select text from click where id = 1"));
        Assert.Equal(
            "22001", Assert.Single(await host.Clicks().GetDeadLettersAsync(cancellationToken: Cancellation)).SqlState);
        Assert.Equal(2, (await host.Clicks().GetStatusAsync(Cancellation)).WrittenRows);
    }
}
