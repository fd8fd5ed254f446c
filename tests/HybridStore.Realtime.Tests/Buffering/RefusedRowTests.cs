using System.Text;
using StackExchange.Redis;

namespace HybridStore.Realtime.Tests.Buffering;

public class RefusedRowTests(ServersFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string, string, string> Refusals => new()
    {
        { "a value too long", "id integer, text varchar(5)", "22001" },
        { "a missing value", "id integer, text text not null", "23502" },
        { "a check", "id integer, text text check (text <> 'refused')", "23514" },
        { "a duplicate", "id integer, text text unique", "23505" },
        { "a parent that is not there", "id integer, text text references parent (text)", "23503" },
        { "a constraint that is checked at COMMIT", "id integer, text text references parent (text) deferrable initially deferred", "23503" },
        { "an exclusion at COMMIT", "id integer, text text unique deferrable initially deferred", "23505" },
        { "a NUL character", "id integer, text text", "22021" },
        { "what is too large for an index", "id integer, text text unique", "54000" },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task A_row_that_PostgreSQL_refuses_is_put_aside_with_the_reason_and_all_others_arrive(string kind, string table, string sqlState)
    {
        await using var host = await ClickBuffer.StartAsync(fixture.Servers, options => options.Partitions = 1, table: null);
        await host.ExecuteAsync(
            $"create table parent (text text primary key); insert into parent select generate_series(1, 200)::text; create table click ({table})");
        var refused = new Click(1_000, kind switch
        {
            "a missing value" => null,
            "a duplicate" or "an exclusion at COMMIT" => "7",
            "a NUL character" => "\0",
            "what is too large for an index" => Incompressible(),
            _ => "refused",
        });

        await host.Clicks().AppendRangeAsync(
            [.. Enumerable.Range(1, 100).Select(Click.Of), refused, .. Enumerable.Range(101, 100).Select(Click.Of)], Cancellation);
        await host.Clicks().FlushAsync(Cancellation);

        await host.AssertArrivedAsync(Enumerable.Range(1, 200));
        var letter = Assert.Single(await host.Clicks().GetDeadLettersAsync(cancellationToken: Cancellation));
        Assert.Equal(sqlState, letter.SqlState);
        Assert.NotEmpty(letter.Reason);
        Assert.Contains("\"Id\":1000", Encoding.UTF8.GetString(letter.Payload.Span), StringComparison.Ordinal);
        Assert.Equal(1, (await host.Clicks().GetStatusAsync(Cancellation)).DeadLetters);
        await host.LoggedAsync(3403);
    }

    [Fact]
    public async Task A_value_that_its_column_cannot_hold_is_put_aside()
    {
        await using var host = await ClickBuffer.StartAsync(fixture.Servers, table: "id smallint, text text");

        await host.Clicks().AppendRangeAsync([Click.Of(1), Click.Of(100_000), Click.Of(3)], Cancellation);
        await host.Clicks().FlushAsync(Cancellation);

        Assert.Equal(2, await host.CountAsync());
        Assert.Single(await host.Clicks().GetDeadLettersAsync(cancellationToken: Cancellation));
    }

    [Fact]
    public async Task A_batch_of_nothing_but_refused_rows_is_put_aside_and_the_next_one_arrives()
    {
        await using var host = await ClickBuffer.StartAsync(fixture.Servers, table: "id integer check (id > 300), text text");

        await host.Clicks().AppendRangeAsync([.. Enumerable.Range(1, 310).Select(Click.Of)], Cancellation);
        await host.Clicks().FlushAsync(Cancellation);

        await host.AssertArrivedAsync(Enumerable.Range(301, 10));
        Assert.Equal(300, (await host.Clicks().GetStatusAsync(Cancellation)).DeadLetters);
    }

    [Fact]
    public async Task An_entry_that_nobody_here_has_written_is_put_aside()
    {
        await using var host = await ClickBuffer.StartAsync(fixture.Servers);

        foreach (var (field, value) in ((string, RedisValue)[])[("d", "nonsense"), ("other", "field"), ("d", RedisValue.EmptyString)])
        {
            await host.Redis.StreamAddAsync($"{host.Prefix}:buffer:{{clicks:p0}}", field, value);
        }

        await Eventually.HappensAsync(async () => (await host.Clicks().GetStatusAsync(Cancellation)).DeadLetters == 3);
        await host.Clicks().AppendAsync(Click.Of(1), Cancellation);
        await host.ArriveAsync(1);
    }

    [Fact]
    public async Task A_payload_that_is_not_understood_is_put_aside()
    {
        await using var host = await ClickBuffer.StartAsync(
            fixture.Servers, options => options.Partitions = 4);
        await using var other = await ClickBuffer.StartAsync(
            fixture.Servers, options => (options.RunWorkers, options.Serializer) = (false, new Other()), besides: host);

        await other.Clicks().AppendAsync(Click.Of(1), Cancellation);
        await other.Clicks().FlushAsync(Cancellation);

        var letter = Assert.Single(await host.Clicks().GetDeadLettersAsync(cancellationToken: Cancellation));
        Assert.StartsWith("JsonException", letter.Reason, StringComparison.Ordinal);
        Assert.Equal(0, await host.CountAsync());
    }

    [Fact]
    public async Task Refused_rows_can_be_written_when_the_cause_is_gone()
    {
        await using var host = await ClickBuffer.StartAsync(fixture.Servers, table: "id integer check (id not in (2, 3)), text text");
        await host.Clicks().AppendRangeAsync([.. Enumerable.Range(1, 4).Select(Click.Of)], Cancellation);
        await host.Clicks().FlushAsync(Cancellation);

        var before = await host.Clicks().RetryDeadLettersAsync(cancellationToken: Cancellation);
        await host.ExecuteAsync("alter table click drop constraint click_id_check; alter table click add check (text <> '3') not valid");
        var after = await host.Clicks().RetryDeadLettersAsync(cancellationToken: Cancellation);

        Assert.Equal((0, 1), (before, after));
        await host.AssertArrivedAsync([1, 2, 4]);
        var letter = Assert.Single(await host.Clicks().GetDeadLettersAsync(cancellationToken: Cancellation));
        Assert.Contains("click_text_check", letter.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_trigger_that_raises_puts_its_row_aside()
    {
        await using var host = await ClickBuffer.StartAsync(fixture.Servers);
        await host.ExecuteAsync(
            """
            create function refuse() returns trigger language plpgsql as $$ begin raise exception 'not this one'; end $$;
            create trigger refuse before insert on click for each row when (new.id = 2) execute function refuse();
            """);

        await host.Clicks().AppendRangeAsync([.. Enumerable.Range(1, 3).Select(Click.Of)], Cancellation);
        await host.Clicks().FlushAsync(Cancellation);

        await host.AssertArrivedAsync([1, 3]);
        Assert.Equal("not this one", Assert.Single(await host.Clicks().GetDeadLettersAsync(cancellationToken: Cancellation)).Reason);
    }

    private static string Incompressible() => Convert.ToBase64String(RandomBytes());

    private static byte[] RandomBytes()
    {
        var bytes = new byte[9_000];
        new Random(1).NextBytes(bytes);
        return bytes;
    }

    private sealed class Other : IHybridStoreSerializer
    {
        public void Serialize<T>(T value, System.Buffers.IBufferWriter<byte> target)
        {
            target.GetSpan(1)[0] = (byte)'!';
            target.Advance(1);
        }

        public T Deserialize<T>(System.Buffers.ReadOnlySequence<byte> source) => throw new NotSupportedException();
    }
}
