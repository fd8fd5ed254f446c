using Npgsql;

namespace HybridStore.IntegrationTests.Journaling.Schema;

/// <summary>What cannot be watched is refused, in words that say what and why.</summary>
public sealed class RefusalTests(JournalFixture database, ServersFixture servers) : IClassFixture<JournalFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_table_that_is_not_there() =>
        await RefusedAsync("crm.Nobody", table => table.Key("user:{id}"), "cannot watch \"crm\".\"nobody\": there is no such table");

    [Fact]
    public async Task A_column_that_is_not_there()
    {
        var users = await TableAsync("id int");

        await RefusedAsync(
            users,
            table => table.Key("user:{no}"),
            $"cannot watch public.{users}: it has no column \"no\", which the template \"user:{{no}}\" names");
        await RefusedAsync(users, table => table.Key("user:{id}").Column("id", "ID"), "it has no column \"ID\"");
    }

    [Fact]
    public async Task A_placeholder_that_could_be_one_of_two_columns()
    {
        var users = await TableAsync("\"ID\" int, \"Id\" int");

        await RefusedAsync(
            users,
            table => table.Key("user:{id}"),
            "the placeholder \"id\" of the template \"user:{id}\" could be any of the columns ID, Id");
    }

    [Theory]
    [InlineData("double precision")]
    [InlineData("jsonb")]
    [InlineData("integer[]")]
    [InlineData("interval")]
    [InlineData("time with time zone")]
    [InlineData("bytea")]
    public async Task A_column_that_no_key_can_hold(string type)
    {
        var users = await TableAsync($"odd {type}");

        await RefusedAsync(users, table => table.Key("user:{odd}"), $"its column odd, which the template \"user:{{odd}}\" names, is of type {type}");
    }

    [Fact]
    public async Task A_template_whose_type_is_written_differently_from_the_column()
    {
        var users = await TableAsync("id integer, name text, day date, mark uuid");

        await RefusedAsync(
            users,
            table => table.Key(new KeyTemplate<string>("u:{id}")),
            "its column id is of type integer, and the template \"u:{id}\" has the type String");
        await RefusedAsync(
            users,
            table => table.Tag(new KeyTemplate<int>("u:{name}")),
            "its column name is of type text, and the template \"u:{name}\" has the type Int32");
        await RefusedAsync(users, table => table.Key(new KeyTemplate<DayOfWeek>("u:{name}")), "has the type DayOfWeek");
        await RefusedAsync(users, table => table.Key(new KeyTemplate<DateTime>("u:{day}")), "has the type DateTime");
        await RefusedAsync(users, table => table.Key(new KeyTemplate<int, string>("u:{id}:{mark}")), "has the type String");
    }

    [Theory]
    [InlineData("create view {0} as select 1 as id")]
    [InlineData("create unlogged table {0} (id int)")]
    [InlineData("create table {0} (id int) partition by range (id); create unlogged table {0}_1 partition of {0} for values from (0) to (1)")]
    public async Task What_changes_without_a_trace(string create)
    {
        var name = database.NewName("odd");
        await database.ExecuteAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, create, name));

        await RefusedAsync(name, table => table.Key("user:{id}"), $"cannot watch public.{name}");
    }

    [Fact]
    public async Task A_database_in_another_encoding()
    {
        var name = database.NewName("latin");
        await servers.Postgres.ExecuteAsync($"create database {name} template template0 encoding 'LATIN1' locale 'C'", Cancellation);
        try
        {
            var connection = new NpgsqlConnectionStringBuilder(database.ConnectionString) { Database = name, Pooling = false }.ConnectionString;
            var refusal = await Assert.ThrowsAsync<InvalidOperationException>(
                () => database.InstallAsync(static _ => { }, options => options.PostgresConnectionString = connection));

            Assert.Contains("encoding UTF8, and this one has LATIN1", refusal.Message, StringComparison.Ordinal);
        }
        finally
        {
            await servers.Postgres.ExecuteAsync($"drop database {name} with (force)", Cancellation);
        }
    }

    private async Task<string> TableAsync(string columns)
    {
        var table = database.NewName("users");
        await database.ExecuteAsync($"create table {table} ({columns})");
        return table;
    }

    private async Task RefusedAsync(string table, Action<WatchedTableBuilder> configure, string because)
    {
        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(
            () => database.InstallAsync(builder => builder.Watch(table, configure)));

        Assert.Contains(because, refusal.Message, StringComparison.Ordinal);
    }
}
