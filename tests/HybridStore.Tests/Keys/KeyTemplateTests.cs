namespace HybridStore.Tests.Keys;

public class KeyTemplateTests
{
    private static readonly KeyTemplate<int> Product = new("product:{id}");

    private enum Status : short
    {
        Closed = -1,
        Open = 7,
    }

    [Fact]
    public void Renders_the_example_of_the_documentation() => Assert.Equal("product:42", Product.For(42));

    [Fact]
    public void Tells_what_it_is_made_of()
    {
        var template = new KeyTemplate<int, string?, DateOnly?>("org:{org_id}/{Kind}:{straße}:end");
        Assert.Equal("org:{org_id}/{Kind}:{straße}:end", template.Template);
        Assert.Equal(template.Template, template.ToString());
        Assert.Equal(["org_id", "Kind", "straße"], template.Parameters);
        Assert.Equal(["org:", "/", ":", ":end"], template.Literals.ToArray());
        Assert.Equal([typeof(int), typeof(string), typeof(DateOnly?)], template.ParameterTypes.ToArray());
    }

    [Fact]
    public void Parameters_cannot_be_changed() =>
        Assert.Throws<NotSupportedException>(() => ((IList<string>)Product.Parameters)[0] = "other");

    [Fact]
    public void Renders_up_to_four_values()
    {
        Assert.Equal("a:1:b:x", new KeyTemplate<int, string>("a:{n}:b:{s}").For(1, "x"));
        Assert.Equal("1:2:3", new KeyTemplate<int, long, short>("{a}:{b}:{c}").For(1, 2, 3));
        Assert.Equal("1/2/3/true!", new KeyTemplate<byte, sbyte, uint, bool>("{a}/{b}/{c}/{d}!").For(1, 2, 3, true));
    }

    [Fact]
    public void Renders_every_supported_type()
    {
        // Twice: no culture may change a key.
        AssertEveryType();
        using var hostile = new HostileCulture();
        AssertEveryType();
    }

    [Fact]
    public void Nullable_types_render_as_their_own()
    {
        Assert.Equal("-5", Render<int?>(-5));
        Assert.Equal("7", Render<Status?>(Status.Open));
        Assert.Equal("1.5", Render<decimal?>(1.50m));
        Assert.Equal("%3A", Render<char?>(':'));
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("plain text, e.g. a/b=c|d~", "plain text, e.g. a/b=c|d~")]
    [InlineData("a:b", "a%3Ab")]
    [InlineData("100%", "100%25")]
    [InlineData("%3A", "%253A")]
    [InlineData("{id}", "%7Bid%7D")]
    [InlineData("line\r\nend\0\u007F", "line%0D%0Aend%00%7F")]
    [InlineData("\u0080\u0085\u009F\u00A0", "%C2%80%C2%85%C2%9F\u00A0")]
    [InlineData("straße 日本 \uD83D\uDE00", "straße 日本 \uD83D\uDE00")]
    public void Escapes_text(string value, string expected) => Assert.Equal(expected, Render(value));

    [Fact]
    public void Escapes_halves_of_surrogate_pairs()
    {
        Assert.Equal("%ED%A0%80", Render("\uD800"));
        Assert.Equal("x%ED%BF%BF\uD83D\uDE00%ED%A0%BD", Render("x\uDFFF\uD83D\uDE00\uD83D"));
        Assert.Equal("%ED%A0%80", Render('\uD800'));
    }

    [Fact]
    public void Two_decimals_that_are_equal_give_one_key()
    {
        Assert.Equal(Render(1.5m), Render(1.500m));
        Assert.Equal(Render(0m), Render(-0.00m));
        Assert.Equal(Render(100m), Render(100.00m));
    }

    [Fact]
    public void Two_spellings_of_an_instant_give_one_key()
    {
        var utc = new DateTimeOffset(2026, 1, 31, 22, 30, 0, TimeSpan.Zero);
        Assert.Equal(Render(utc), Render(utc.ToOffset(TimeSpan.FromHours(5.5))));
        Assert.Equal(Render(utc), Render(utc.UtcDateTime));
    }

    [Fact]
    public void Times_are_cut_to_microseconds_as_Npgsql_stores_them()
    {
        var after = new DateTime(2026, 1, 31, 0, 0, 0, DateTimeKind.Utc);
        Assert.Equal("20260131T000000.000001Z", Render(after.AddTicks(19)));

        // Npgsql counts from the year 2000 and drops what is finer towards it: upwards for earlier times.
        var before = new DateTime(1999, 1, 31, 0, 0, 0, DateTimeKind.Utc);
        Assert.Equal("19990131T000000.000002Z", Render(before.AddTicks(19)));
        Assert.Equal("19990131T000000.000001Z", Render(before.AddTicks(10)));
    }

    [Fact]
    public void A_key_may_have_1024_bytes_and_no_more()
    {
        var template = new KeyTemplate<string, int>("doc:{path}:{page}");
        Assert.Equal($"doc:{new string('x', 1018)}:1", template.For(new string('x', 1018), 1));
        Assert.Equal($"doc:{new string('€', 339)}:1", template.For(new string('€', 339), 1));

        foreach (var path in new[] { new string('x', 1019), new string('€', 340), new string(':', 340), new string('x', 5_000_000) })
        {
            var exception = Assert.Throws<ArgumentException>(() => template.For(path, 1));
            Assert.Equal("path", exception.ParamName);
            Assert.Equal(
                $"The key of the template \"doc:{{path}}:{{page...\" must not be longer than 1,024 bytes in UTF-8, and it is with these values: pass a shorter value for the placeholder 'path', for example a hash of it. It is \"{path[..16]}...\". (Parameter 'path')",
                exception.Message);
        }
    }

    [Fact]
    public void Refuses_null_and_names_the_placeholder()
    {
        var text = new KeyTemplate<int, string>("a:{id}:{name}");
        var exception = Assert.Throws<ArgumentNullException>(() => text.For(1, null!));
        Assert.Equal("name", exception.ParamName);
        Assert.StartsWith(
            "The value of the placeholder 'name' must not be null: a row without it has no key, so do not ask the cache for it.",
            exception.Message,
            StringComparison.Ordinal);

        var number = new KeyTemplate<int?, string>("a:{id}:{name}");
        Assert.Equal("id", Assert.Throws<ArgumentNullException>(() => number.For(null, "x")).ParamName);
    }

    [Theory]
    [InlineData(DateTimeKind.Local)]
    [InlineData(DateTimeKind.Unspecified)]
    public void Refuses_times_that_are_not_UTC(DateTimeKind kind)
    {
        var template = new KeyTemplate<DateTime>("a:{at}");
        var exception = Assert.Throws<ArgumentException>(() => template.For(new DateTime(2026, 1, 31, 0, 0, 0, kind)));
        Assert.Equal(
            $"The value of the placeholder 'at' must be a DateTime of kind Utc, and its kind is {kind}: convert it with ToUniversalTime(), or say what it is with DateTime.SpecifyKind(value, DateTimeKind.Utc). (Parameter 'at')",
            exception.Message);
    }

    [Fact]
    public void The_key_is_the_only_allocation()
    {
        var four = new KeyTemplate<string, Guid, decimal?, Status>("a:{s}:{g}:{d}:{e}");
        var guid = Guid.NewGuid();
        var key = four.For("x:y", guid, 1.50m, Status.Open);
        Allocation.AssertPerCall(Allocation.OfString(key.Length), () => four.For("x:y", guid, 1.50m, Status.Open));
        Allocation.AssertPerCall(Allocation.OfString(10), () => Product.For(42));

        var time = new KeyTemplate<DateTime, DateOnly, TimeOnly, bool>("a:{s}:{g}:{d}:{e}");
        var now = new DateTime(2026, 1, 31, 23, 59, 59, DateTimeKind.Utc);
        var timeKey = time.For(now, default, default, true);
        Allocation.AssertPerCall(Allocation.OfString(timeKey.Length), () => time.For(now, default, default, true));
    }

    [Fact]
    public void A_long_key_is_the_only_allocation()
    {
        var template = new KeyTemplate<string>("a:{s}");
        var value = new string('%', 300);
        Allocation.AssertPerCall(Allocation.OfString(902), () => template.For(value));
    }

    private static void AssertEveryType()
    {
        Assert.Equal("text", Render("text"));
        Assert.Equal("c", Render('c'));
        Assert.Equal("-128", Render(sbyte.MinValue));
        Assert.Equal("255", Render(byte.MaxValue));
        Assert.Equal("-32768", Render(short.MinValue));
        Assert.Equal("65535", Render(ushort.MaxValue));
        Assert.Equal("-2147483648", Render(int.MinValue));
        Assert.Equal("4294967295", Render(uint.MaxValue));
        Assert.Equal("-9223372036854775808", Render(long.MinValue));
        Assert.Equal("18446744073709551615", Render(ulong.MaxValue));
        Assert.Equal("-1234567.891", Render(-1234567.8910m));
        Assert.Equal("0.0000000000000000000000000001", Render(0.0000000000000000000000000001m));
        Assert.Equal("-79228162514264337593543950335", Render(decimal.MinValue));
        Assert.Equal("true", Render(true));
        Assert.Equal("false", Render(false));
        Assert.Equal("00a0b0c0-d0e0-f001-0203-0405060708ff", Render(new Guid("{00A0B0C0-D0E0-F001-0203-0405060708FF}")));
        Assert.Equal("0033-01-09", Render(new DateOnly(33, 1, 9)));
        Assert.Equal("235959.123456", Render(new TimeOnly(23, 59, 59, 123, 456)));
        Assert.Equal("20260131T235959.123456Z", Render(new DateTime(2026, 1, 31, 23, 59, 59, 123, 456, DateTimeKind.Utc)));
        Assert.Equal("20260131T215959.000000Z", Render(new DateTimeOffset(2026, 1, 31, 23, 59, 59, TimeSpan.FromHours(2))));
        Assert.Equal("-1", Render(Status.Closed));
        Assert.Equal("2", Render(ConsoleColor.DarkGreen));
        Assert.Equal("12345", Render((Status)12345));
    }

    private static string Render<T>(T value) => new KeyTemplate<T>("k:{v}").For(value)["k:".Length..];
}
