namespace HybridStore.IntegrationTests.Journaling.Watching;

/// <summary>Which column a placeholder means, and what becomes of a name that cannot be.</summary>
public sealed class NamesTests(JournalFixture database) : IClassFixture<JournalFixture>
{
    [Fact]
    public async Task Names_of_tables_and_columns_are_read_as_in_SQL()
    {
        var schema = database.NewName("Odd \"'$ %s schema");
        var table = $"\"{schema.Replace("\"", "\"\"", StringComparison.Ordinal)}\".\"User's %I $body$ table\"";
        await database.ExecuteAsync($"create schema \"{schema.Replace("\"", "\"\"", StringComparison.Ordinal)}\"");
        await database.WatchAsync(
            $"""create table {table} ("User Id" int, "Org%s" text, org text)""",
            table,
            watched => watched.Key("user's % {id}:%s").Tag("org\\:{name}:{ORG}").Column("id", "User Id").Column("name", "Org%s"));

        Assert.Equal(
            [new("user's % 1:%s", "org\\:a%25:b")], await database.JournalOfAsync($"insert into {table} values (1, 'a%', 'b')"));
    }

    [Fact]
    public async Task The_column_of_the_same_name_comes_before_those_that_differ_in_case()
    {
        var table = database.NewName("users");
        await database.WatchAsync(
            $"""create table {table} (id int, "Id" int, "Org" int)""", table, watched => watched.Key("user:{Id}").Tag("org:{oRG}"));

        Assert.Equal([new("user:2", "org:3")], await database.JournalOfAsync($"insert into {table} values (1, 2, 3)"));
    }

    [Fact]
    public async Task Several_keys_and_tags_and_those_without_a_column_are_named_once_each()
    {
        var table = database.NewName("friendships");
        await database.WatchAsync(
            $"create table {table} (a int, b int, c int)",
            table,
            watched => watched.Key("user:{a}").Key("user:{b}").Key("pair:{a}:{b}").Tag("friends:all").Tag("c:{c}"));

        Assert.Equal([new("pair:1:2 user:1 user:2", "c:3 friends:all")], await database.JournalOfAsync($"insert into {table} values (1, 2, 3)"));
        Assert.Equal([new("pair:1:2 pair:2:1 user:1 user:2", "c:3 friends:all")], await database.JournalOfAsync($"update {table} set a = b, b = a"));
        Assert.Equal([new("pair:4:4 user:4", "c:3 friends:all")], await database.JournalOfAsync($"insert into {table} values (4, 4, 3)"));
        Assert.Equal(
            [new("pair:2:1 pair:4:4 user:1 user:2 user:4", "c:3 friends:all")], await database.JournalOfAsync($"delete from {table}"));
    }

    [Fact]
    public async Task A_table_may_have_tags_alone()
    {
        var table = database.NewName("users");
        await database.WatchAsync($"create table {table} (id int)", table, watched => watched.Tag("users:all"));

        Assert.Equal([new("", "users:all")], await database.JournalOfAsync($"insert into {table} values (1)"));
        Assert.Equal([new("", "users:all")], await database.JournalOfAsync($"insert into {table} values (2), (3)"));
    }

    [Fact]
    public async Task Names_with_a_null_column_are_left_out_and_counted()
    {
        var table = database.NewName("users");
        await database.WatchAsync($"create table {table} (id int, org int)", table, watched => watched.Key("user:{id}").Tag("org:{org}"));

        Assert.Equal([new("user:1", "", Skipped: 1)], await database.JournalOfAsync($"insert into {table} values (1, null)"));
        Assert.Equal([new("user:1", "org:5", Skipped: 1)], await database.JournalOfAsync($"update {table} set org = 5"));
        Assert.Equal([new("user:1", "org:5", Skipped: 1)], await database.JournalOfAsync($"update {table} set org = null"));
        Assert.Equal([new("", "", Skipped: 2)], await database.JournalOfAsync($"insert into {table} values (null, null)"));
        Assert.Equal([new("user:1", "", Skipped: 3)], await database.JournalOfAsync($"delete from {table}"));
    }

    [Fact]
    public async Task Names_longer_than_a_key_may_be_are_left_out_and_counted()
    {
        var table = database.NewName("users");
        await database.WatchAsync($"create table {table} (id text)", table, watched => watched.Key("user:{id}"));

        var longest = new string('x', 1019);
        Assert.Equal([new($"user:{longest}", "")], await database.JournalOfAsync($"insert into {table} values ('{longest}')"));
        Assert.Equal([new("", "", Skipped: 1)], await database.JournalOfAsync($"insert into {table} values ('{longest}x')"));
        Assert.Equal([new("user:a", "", Skipped: 1)], await database.JournalOfAsync($"insert into {table} values ('{longest}x'), ('a')"));
    }

    [Fact]
    public async Task Two_stores_with_schemas_of_their_own_watch_one_table()
    {
        var table = database.NewName("users");
        await database.WatchAsync($"create table {table} (id int)", table, watched => watched.Key("user:{id}"));
        foreach (var schema in (string[])["other", "An odd 'schema' with \"quotes\", $body$, {version}, a \\ and a %"])
        {
            var quoted = $"\"{schema.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
            await database.InstallAsync(
                builder => builder.Watch(table, watched => watched.Key("u:{id}")), options => options.Journal.Schema = schema);

            Assert.Equal([new("user:1", "")], await database.JournalOfAsync($"insert into {table} values (1)"));
            Assert.Equal("u:1", await database.ScalarAsync<string>($"select keys[1] from {quoted}.journal"));
        }
    }
}
