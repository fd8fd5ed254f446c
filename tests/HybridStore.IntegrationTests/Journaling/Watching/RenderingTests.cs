using CsCheck;
using Npgsql;

namespace HybridStore.IntegrationTests.Journaling.Watching;

/// <summary>A trigger writes the same key, character by character, as the application does with the value that it reads.</summary>
public sealed class RenderingTests(JournalFixture database) : IClassFixture<JournalFixture>
{
    private const int Samples = 300;

    private static readonly KeyTemplate<Guid> ByGuid = new("row:{v}");
    private static readonly KeyTemplate<string> ByText = new("row:{v}");
    private static readonly KeyTemplate<DateTime> ByTime = new("row:{v}");
    private static readonly KeyTemplate<DateTimeOffset> ByOffset = new("row:{v}");
    private static readonly KeyTemplate<DateOnly> ByDate = new("row:{v}");

    private static readonly Gen<string> Texts = Gen.Frequency(
        (3, Gen.String[Gen.Char[" %:{}abcZÄß€\u0001\t\n\u001F\u007F\u0080\u009F\u00A0\u2028\uFFFD\\'\"$"], 0, 12]),
        (1, Gen.String[Gen.Char['\u0001', '\uD7FF'], 0, 8]),
        (1, Gen.String[Gen.Char["ab"], 0, 3].Select(text => text + "😀:𝒳")));

    private static readonly Gen<DateTime> Times = Gen.Frequency(
        (3, Gen.DateTime[DateTime.MinValue, DateTime.MaxValue].Select(time => DateTime.SpecifyKind(time, DateTimeKind.Utc))),
        (1, Gen.DateTime[new DateTime(1999, 12, 31), new DateTime(2000, 1, 2)].Select(time => DateTime.SpecifyKind(time, DateTimeKind.Utc))));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("text")]
    [InlineData("varchar(100)")]
    [InlineData("text collate \"C\"")]
    public Task Texts_are_the_same(string type) => EqualAsync(type, Texts, ByText);

    [Fact]
    public async Task Texts_are_the_same_where_the_collation_knows_no_regular_expressions()
    {
        await database.ExecuteAsync(
            "create collation if not exists caseless (provider = icu, locale = 'und-u-ks-level2', deterministic = false)");
        await EqualAsync("text collate caseless", Texts, ByText);
    }

    [Fact]
    public Task Texts_of_a_domain_are_the_same() => OfDomainAsync("text", Texts, ByText);

    [Fact]
    public Task Text_of_fixed_length_has_no_blanks_at_its_end() => OfValueAsync("char(5)", "'a:'", "row:a%3A");

    [Fact]
    public async Task Integers_are_the_same()
    {
        await EqualAsync("smallint", Gen.Short, new KeyTemplate<short>("row:{v}"));
        await EqualAsync("integer", Gen.Int, new KeyTemplate<int>("row:{v}"));
        await EqualAsync("bigint", Gen.Long, new KeyTemplate<long>("row:{v}"));
        await OfDomainAsync("integer", Gen.Int, new KeyTemplate<int>("row:{v}"));
        await OfValueAsync("bigint", "-9223372036854775808", new KeyTemplate<long>("row:{v}").For(long.MinValue));
    }

    [Fact]
    public async Task Members_of_an_enum_in_NET_are_numbers_and_those_of_one_in_PostgreSQL_are_texts()
    {
        await EqualAsync("integer", Gen.Enum<DayOfWeek>(), new KeyTemplate<DayOfWeek>("row:{v}"), day => (int)day);
        await database.ExecuteAsync("create type mood as enum ('so: so', '100%')");
        await OfValueAsync("mood", "'so: so'", ByText.For("so: so"));
        await OfValueAsync("mood", "'100%'", ByText.For("100%"));
    }

    [Fact]
    public async Task Numbers_are_the_same()
    {
        var template = new KeyTemplate<decimal>("row:{v}");
        await EqualAsync("numeric", Gen.Decimal, template);
        await EqualAsync("numeric(12,4)", Gen.Int.Select(number => number / 10_000m), template);
        await EqualAsync("numeric(20)", Gen.ULong[0, 9_999_999_999_999_999_999], new KeyTemplate<ulong>("row:{v}"), number => (decimal)number);
        await OfValueAsync("numeric", "'NaN'", null);
        await OfValueAsync("numeric", "'Infinity'", null);
        await OfValueAsync("numeric", "'-Infinity'", null);
        await OfValueAsync("numeric", "1e2000", null);
    }

    [Fact]
    public async Task Booleans_and_uuids_are_the_same()
    {
        await EqualAsync("boolean", Gen.Bool, new KeyTemplate<bool>("row:{v}"));
        await EqualAsync("uuid", Gen.Guid, ByGuid);
    }

    [Theory]
    [InlineData("UTC", "ISO, MDY")]
    [InlineData("Asia/Kolkata", "German, DMY")]
    public async Task Times_are_the_same_whatever_the_session_has_set(string zone, string style)
    {
        string[] settings = [$"set timezone = '{zone}'", $"set datestyle = '{style}'", "set intervalstyle = 'sql_standard'"];
        await EqualAsync("timestamptz", Times, ByTime, settings: settings);
        await EqualAsync("timestamp", Times, ByTime, time => DateTime.SpecifyKind(time, DateTimeKind.Unspecified), settings);
        await EqualAsync("timestamptz", Times, ByOffset, null, settings, time => new DateTimeOffset(time));
        await EqualAsync("date", Gen.DateOnly, ByDate, settings: settings);
        await EqualAsync(
            "time", Gen.Long[0, TimeSpan.TicksPerDay - 1].Select(ticks => new TimeOnly(ticks)), new KeyTemplate<TimeOnly>("row:{v}"), settings: settings);
    }

    [Theory]
    [InlineData("timestamptz")]
    [InlineData("timestamp")]
    public async Task Times_without_end_are_what_Npgsql_reads_in_their_place(string type)
    {
        await OfValueAsync(type, "'infinity'", ByTime.For(DateTime.SpecifyKind(DateTime.MaxValue, DateTimeKind.Utc)));
        await OfValueAsync(type, "'-infinity'", ByTime.For(DateTime.SpecifyKind(DateTime.MinValue, DateTimeKind.Utc)));
        await OfValueAsync(type, "'294276-01-01'", null);
        await OfValueAsync(type, "'0044-03-15 BC'", null);
    }

    [Fact]
    public async Task Dates_without_end_are_what_Npgsql_reads_in_their_place()
    {
        await OfValueAsync("date", "'infinity'", ByDate.For(DateOnly.MaxValue));
        await OfValueAsync("date", "'-infinity'", ByDate.For(DateOnly.MinValue));
        await OfValueAsync("date", "'5874897-12-31'", null);
        await OfValueAsync("date", "'0044-03-15 BC'", null);
    }

    private async Task OfDomainAsync<T>(string type, Gen<T> values, KeyTemplate<T> template)
    {
        var domain = database.NewName("domain");
        await database.ExecuteAsync($"create domain {domain}_base as {type}; create domain {domain} as {domain}_base");
        await EqualAsync(domain, values, template);
    }

    /// <summary>Stores a value, and compares its key with the one in the journal. Null: it has none.</summary>
    private async Task OfValueAsync(string type, string value, string? key)
    {
        var table = database.NewName("value");
        await database.WatchAsync($"create table {table} (v {type})", table, watched => watched.Key("row:{v}"));

        Assert.Equal(
            [key is null ? new("", "", Skipped: 1) : new(key, "")], await database.JournalOfAsync($"insert into {table} values ({value})"));
    }

    private Task EqualAsync<T>(
        string type, Gen<T> values, KeyTemplate<T> template, Func<T, object>? stored = null, string[]? settings = null) =>
        EqualAsync(type, values, template, stored, settings, value => value);

    private async Task EqualAsync<T, TKey>(
        string type, Gen<T> values, KeyTemplate<TKey> template, Func<T, object>? stored, string[]? settings, Func<T, TKey> toKey)
    {
        var table = database.NewName("rendered");
        await database.WatchAsync($"create table {table} (v {type})", table, watched => watched.Key(template));
        var sample = values.Array[Samples].Single();

        await using var connection = await database.DataSource.OpenConnectionAsync(Cancellation);
        foreach (var setting in settings ?? [])
        {
            await using var set = new NpgsqlCommand(setting, connection);
            await set.ExecuteNonQueryAsync(Cancellation);
        }

        // Each value is a statement of its own, and all of them are one: the two ways in which a trigger puts names together.
        await using var batch = new NpgsqlBatch(connection);
        foreach (var value in sample)
        {
            batch.BatchCommands.Add(new NpgsqlBatchCommand($"insert into {table} values ($1)")
            {
                Parameters = { new NpgsqlParameter { Value = stored is null ? value! : stored(value) } },
            });
        }

        batch.BatchCommands.Add(new NpgsqlBatchCommand($"delete from {table}"));
        await batch.ExecuteNonQueryAsync(Cancellation);

        var expected = sample.Select(value => template.For(toKey(value))).ToArray();
        var rows = await database.TakeAsync();
        Assert.Equal(expected, rows.Take(Samples).Select(row => row.Keys));
        Assert.Equal(
            string.Join(' ', expected.Distinct().Order(StringComparer.Ordinal)), string.Join(' ', rows.Skip(Samples).Select(row => row.Keys)));
        Assert.All(rows, row => Assert.Equal(0, row.Skipped));
    }
}
