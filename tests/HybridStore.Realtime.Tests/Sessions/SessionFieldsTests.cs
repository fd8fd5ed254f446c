using CsCheck;
using HybridStore.Realtime.Sessions;

namespace HybridStore.Realtime.Tests.Sessions;

public class SessionFieldsTests(ServersFixture fixture)
{
    private static readonly Gen<Dictionary<string, ReadOnlyMemory<byte>>> Fields =
        Gen.Select(Gen.String[Gen.Char["abc1ü:"], 1, 40], Gen.Byte.Array[Gen.OneOf(Gen.Int[0, 40], Gen.Int[200, 300], Gen.Int[65530, 65540])])
            .List[0, 20]
            .Select(list =>
            {
                var fields = new Dictionary<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal);
                foreach (var (name, value) in list)
                {
                    fields[name] = value;
                }

                return fields;
            });

    [Fact]
    public void What_is_written_is_read() => Fields.Sample(
        fields => AssertSame(fields, SessionFields.Read(SessionFields.Write(fields))), iter: 200);

    [Fact]
    public void What_is_anything_else_is_not_read_and_throws_nothing() => Gen.Select(Fields, Gen.Int[0, 1_000_000], Gen.Byte).Sample(
        (fields, place, value) =>
        {
            var bytes = SessionFields.Write(fields);
            Assert.Null(SessionFields.Read(bytes[..(fields.Count == 0 ? 0 : place % bytes.Length)]));
            bytes[place % bytes.Length] = value;
            SessionFields.Read(bytes);
        },
        iter: 200);

    [Fact]
    public async Task Scripts_read_and_write_the_same()
    {
        await using var host = await RealtimeHost.StartAsync(fixture.Servers, static _ => { });
        await Fields.SampleAsync(
            async fields =>
            {
                var written = await host.Redis.ScriptEvaluateAsync(
                    "return cmsgpack.pack(cmsgpack.unpack(ARGV[1]))", values: [SessionFields.Write(fields)]);
                AssertSame(fields, SessionFields.Read((byte[])written!));
            },
            iter: 50,
            threads: 1);
    }

    private static void AssertSame(Dictionary<string, ReadOnlyMemory<byte>> expected, Dictionary<string, ReadOnlyMemory<byte>>? actual)
    {
        Assert.NotNull(actual);
        Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), actual.Keys.Order(StringComparer.Ordinal));
        Assert.All(expected, field => Assert.True(field.Value.Span.SequenceEqual(actual[field.Key].Span)));
    }
}
