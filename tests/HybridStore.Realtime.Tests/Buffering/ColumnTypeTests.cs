using System.Net;
using Microsoft.Extensions.DependencyInjection;
using NpgsqlTypes;

namespace HybridStore.Realtime.Tests.Buffering;

public class ColumnTypeTests(ServersFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Values_of_all_kinds_arrive_as_they_were()
    {
        await using var host = await RealtimeHost.StartAsync(fixture.Servers, builder => builder.AddWriteBuffer<Everything>("all", options =>
        {
            options.Table = "public.\"Everything\"";
            options
                .Map("small", row => row.Small)
                .Map("big", row => row.Int)
                .Map("maybe", row => row.Maybe)
                .Map("amount", row => row.Amount)
                .Map("ratio", row => row.Ratio)
                .Map("yes", row => row.Yes)
                .Map("name", row => row.Name)
                .Map("id", row => row.Id)
                .Map("at", row => row.At)
                .Map("day", row => row.Day)
                .Map("bytes", row => row.Bytes)
                .Map("tags", row => row.Tags)
                .Map("document", row => row.Document)
                .Map("Its \"address\"", row => IPAddress.Parse(row.Address));
        }));
        await host.ExecuteAsync(
            """"
            create table "Everything" (small smallint, big bigint, maybe integer, amount numeric(12,3), ratio double precision, yes boolean,
              name varchar(40), id uuid, at timestamptz(3), day date, bytes bytea, tags text[], document jsonb, "Its ""address""" inet, more integer default 7)
            """");
        var row = new Everything(
            3, 4, 5, 1234567.891m, 0.5, true, "Käse 🧀", Guid.NewGuid(), new DateTimeOffset(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero),
            new DateOnly(2026, 2, 28), [0, 1, 255], ["a", "b"], """{"a": 1}""", "10.0.0.1");

        await host.Get<IWriteBuffer<Everything>>().AppendAsync(row, Cancellation);
        await host.Get<IWriteBuffer<Everything>>().AppendAsync(row with { Maybe = null, Name = null, Bytes = null, Tags = null }, Cancellation);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(15));
        await host.Get<IWriteBuffer<Everything>>().FlushAsync(limit.Token);

        await using var command = host.DataSource.CreateCommand("""select * from "Everything" order by maybe nulls last""");
        await using var reader = await command.ExecuteReaderAsync(Cancellation);
        Assert.True(await reader.ReadAsync(Cancellation));
        Assert.Equal(3, reader.GetInt16(0));
        Assert.Equal(4, reader.GetInt64(1));
        Assert.Equal(5, reader.GetInt32(2));
        Assert.Equal(1234567.891m, reader.GetDecimal(3));
        Assert.Equal(0.5, reader.GetDouble(4));
        Assert.True(reader.GetBoolean(5));
        Assert.Equal("Käse 🧀", reader.GetString(6));
        Assert.Equal(row.Id, reader.GetGuid(7));
        Assert.Equal(row.At, reader.GetFieldValue<DateTimeOffset>(8));
        Assert.Equal(row.Day, reader.GetFieldValue<DateOnly>(9));
        Assert.Equal(row.Bytes, reader.GetFieldValue<byte[]>(10));
        Assert.Equal(row.Tags, reader.GetFieldValue<string[]>(11));
        Assert.Equal("""{"a": 1}""", reader.GetString(12));
        Assert.Equal(new NpgsqlInet("10.0.0.1"), reader.GetFieldValue<NpgsqlInet>(13));
        Assert.Equal(7, reader.GetInt32(14));
        Assert.True(await reader.ReadAsync(Cancellation));
        Assert.All([2, 6, 10, 11], column => Assert.True(reader.IsDBNull(column)));
    }

    private sealed record Everything(
        short Small,
        int Int,
        int? Maybe,
        decimal Amount,
        double Ratio,
        bool Yes,
        string? Name,
        Guid Id,
        DateTimeOffset At,
        DateOnly Day,
        byte[]? Bytes,
        string[]? Tags,
        string Document,
        string Address);
}
