using HybridStore.Servers;

namespace HybridStore.Realtime.Tests.Buffering;

public class PostgresOutageTests(ServersFixture fixture)
{
    private const int NotWritten = 3400;
    private const int NoClaims = 3405;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task While_PostgreSQL_is_down_rows_wait_in_Redis()
    {
        await using var servers = await TestServers.StartAsync(new TestServersOptions { Controllable = true }, Cancellation);
        await using var host = await ClickBuffer.StartAsync(servers);
        await host.Clicks().AppendAsync(from: 1, count: 100);
        await servers.Postgres.KillAsync(Cancellation);

        await host.Clicks().AppendAsync(from: 101, count: 100);
        await host.LoggedAsync(NoClaims);
        await servers.Postgres.StartAsync(Cancellation);
        host.DataSource.Clear();
        await host.Clicks().FlushAsync(Cancellation);

        await host.AssertArrivedAsync(Enumerable.Range(1, 200));
    }

    [Fact]
    public async Task A_table_that_is_missing_makes_rows_wait()
    {
        await using var host = await ClickBuffer.StartAsync(fixture.Servers, table: null);

        await host.Clicks().AppendRangeAsync([Click.Of(1), Click.Of(2)], Cancellation);
        await host.LoggedAsync(NotWritten);
        await host.ExecuteAsync("create table click (id integer, text text)");
        await host.Clicks().FlushAsync(Cancellation);

        await host.AssertArrivedAsync([1, 2]);
        Assert.Empty(await host.Clicks().GetDeadLettersAsync(cancellationToken: Cancellation));
    }

    [Fact]
    public async Task A_column_whose_type_does_not_take_the_value_makes_rows_wait()
    {
        await using var host = await ClickBuffer.StartAsync(fixture.Servers, table: "id integer, text integer");

        await host.Clicks().AppendRangeAsync([Click.Of(1), Click.Of(2)], Cancellation);
        await host.LoggedAsync(NotWritten);
        await host.ExecuteAsync("alter table click alter text type text");
        await host.Clicks().FlushAsync(Cancellation);

        await host.AssertArrivedAsync([1, 2]);
        Assert.Empty(await host.Clicks().GetDeadLettersAsync(cancellationToken: Cancellation));
    }

    [Fact]
    public async Task A_column_that_gets_another_type_takes_rows_as_before()
    {
        await using var host = await ClickBuffer.StartAsync(fixture.Servers, options => options.Partitions = 1);
        await host.Clicks().AppendAsync(Click.Of(1), Cancellation);
        await host.Clicks().FlushAsync(Cancellation);

        await host.ExecuteAsync("alter table click alter id type bigint");
        await host.Clicks().AppendAsync(Click.Of(2), Cancellation);
        await host.Clicks().FlushAsync(Cancellation);

        Assert.Equal(2, await host.CountAsync());
        Assert.Empty(await host.Clicks().GetDeadLettersAsync(cancellationToken: Cancellation));
    }

    [Fact]
    public async Task The_host_stops_though_the_table_is_missing_and_the_rows_stay()
    {
        await using var host = await ClickBuffer.StartAsync(fixture.Servers, table: null);
        await host.Clicks().AppendRangeAsync([Click.Of(1), Click.Of(2)], Cancellation);
        await host.LoggedAsync(NotWritten);

        await host.StopAsync();
        await host.LoggedAsync(3408);
        await host.ExecuteAsync("create table click (id integer, text text)");
        await using var next = await ClickBuffer.StartAsync(fixture.Servers, besides: host);
        await host.Clicks().FlushAsync(Cancellation);

        await host.AssertArrivedAsync([1, 2]);
    }

    [Fact]
    public async Task A_worker_whose_sessions_were_ended_goes_on()
    {
        await using var host = await ClickBuffer.StartAsync(fixture.Servers);
        await host.Clicks().AppendAsync(Click.Of(1), Cancellation);
        await host.Clicks().FlushAsync(Cancellation);

        await host.ExecuteAsync(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()");
        await host.Clicks().AppendAsync(Click.Of(2), Cancellation);
        await host.Clicks().FlushAsync(Cancellation);

        await host.AssertArrivedAsync([1, 2]);
    }
}
