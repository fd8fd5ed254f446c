using Npgsql;

namespace HybridStore.IntegrationTests.Journaling.Schema;

/// <summary>Event triggers follow what becomes of watched tables.</summary>
public sealed class ChangedDefinitionTests(JournalFixture database) : IClassFixture<JournalFixture>
{
    [Fact]
    public async Task A_new_partition_is_watched_at_once()
    {
        var events = await EventsAsync();

        Assert.Equal(
            [new("event:150", "")],
            await database.JournalOfAsync(
                $"create table {events}_more partition of {events} for values from (100) to (200) partition by range (id)",
                $"create table {events}_more_1 partition of {events}_more for values from (100) to (200)",
                $"insert into {events}_more_1 values (150)"));
    }

    [Fact]
    public async Task Attaching_and_detaching_a_partition_is_everything_and_takes_its_triggers_along()
    {
        var events = await EventsAsync();
        await database.ExecuteAsync($"create table {events}_more (id int, name text); insert into {events}_more values (150)");

        Assert.Equal(
            [JournalRow.All, new("event:150", "")],
            await database.JournalOfAsync(
                $"alter table {events} attach partition {events}_more for values from (100) to (200)", $"update {events}_more set name = 'x'"));
        Assert.Equal(
            [JournalRow.All],
            await database.JournalOfAsync($"alter table {events} detach partition {events}_more", $"update {events}_more set name = 'y'"));
        Assert.Equal(
            [JournalRow.All],
            await database.JournalOfAsync(
                $"alter table {events} detach partition {events}_low concurrently", $"insert into {events}_low values (1)"));
    }

    [Fact]
    public async Task Beginning_and_ceasing_to_inherit_is_everything()
    {
        var events = await EventsAsync("create table {0} (id int, name text)");

        Assert.Equal(
            [JournalRow.All, new("event:1", ""), JournalRow.All],
            await database.JournalOfAsync(
                $"create table {events}_child (id int, name text)",
                $"alter table {events}_child inherit {events}",
                $"insert into {events}_child values (1)",
                $"alter table {events}_child no inherit {events}",
                $"insert into {events}_child values (2)"));
    }

    [Fact]
    public async Task Dropping_a_partition_or_the_table_is_everything()
    {
        var events = await EventsAsync();

        Assert.Equal([JournalRow.All], await database.JournalOfAsync($"drop table {events}_low"));
        Assert.Equal([JournalRow.All], await database.JournalOfAsync($"drop table {events}"));
        await database.ExecuteAsync($"create table {events} (id int, name text)");
        await database.InstallAsync(builder => builder.Watch(events, table => table.Key("again:{id}")));
        Assert.Equal([new("again:1", "")], await database.JournalOfAsync($"insert into {events} values (1)"));
    }

    [Fact]
    public async Task Rewriting_a_table_is_everything_and_what_changes_no_value_is_nothing()
    {
        var events = await EventsAsync();

        Assert.Equal(
            [JournalRow.All], await database.JournalOfAsync($"alter table {events} alter column name type int using 5"));
        Assert.Empty(await database.JournalOfAsync(
            $"alter table {events} add column extra text default 'x'",
            $"create index on {events} (name)",
            $"create temporary table {events}_temporary (id int)",
            $"create table {events}_other (id int)",
            $"comment on table {events} is 'x'"));
    }

    [Fact]
    public async Task A_column_that_names_keys_may_change_its_type_and_nothing_else()
    {
        var users = database.NewName("users");
        await database.WatchAsync($"create table {users} (id varchar(9))", users, table => table.Key("user:{id}"));

        Assert.Equal(
            [new("user:a%3A", "")],
            await database.JournalOfAsync($"alter table {users} alter column id type text", $"insert into {users} values ('a:')"));
        Assert.Equal(
            [JournalRow.All, new("user:1", "")],
            await database.JournalOfAsync(
                $"alter table {users} alter column id type numeric using length(id)", $"insert into {users} values (1.0)"));
        var refusal = await Assert.ThrowsAsync<PostgresException>(
            () => database.ExecuteAsync($"alter table {users} alter column id type float"));
        Assert.Contains($"cannot watch public.{users}: its column id", refusal.MessageText, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("rename column id to other")]
    [InlineData("drop column id")]
    public async Task A_column_that_names_keys_can_be_neither_renamed_nor_dropped(string change)
    {
        var users = database.NewName("users");
        await database.WatchAsync($"create table {users} (id int, name text)", users, table => table.Key("user:{id}"));

        var refusal = await Assert.ThrowsAsync<PostgresException>(() => database.ExecuteAsync($"alter table {users} {change}"));

        Assert.Equal(
            $"HybridStore watches public.{users}, and names keys by its column id: it cannot be renamed or dropped. Stop watching it first: select hybridstore.unwatch('public.{users}').",
            refusal.MessageText);
        await database.ExecuteAsync($"alter table {users} drop column name", $"select hybridstore.unwatch('{users}')", $"alter table {users} {change}");
    }

    [Fact]
    public async Task Renaming_a_member_of_an_enum_that_names_keys_is_everything()
    {
        var (users, mood) = (database.NewName("users"), database.NewName("mood"));
        await database.ExecuteAsync($"create type {mood} as enum ('good', 'bad'); create type {mood}_row as (id int)");
        await database.WatchAsync($"create table {users} (mood {mood})", users, table => table.Key("user:{mood}"));

        Assert.Equal([JournalRow.All], await database.JournalOfAsync($"alter type {mood} rename value 'bad' to 'worse'"));
        Assert.Empty(await database.JournalOfAsync($"alter type {mood}_row rename attribute id to other"));
    }

    [Fact]
    public async Task A_table_that_is_renamed_stays_watched()
    {
        var users = database.NewName("users");
        await database.WatchAsync($"create table {users} (id int)", users, table => table.Key("user:{id}"));

        Assert.Equal(
            [new("user:1", "")],
            await database.JournalOfAsync($"alter table {users} rename to {users}_new", $"insert into {users}_new values (1)"));
    }

    private async Task<string> EventsAsync(
        string create = "create table {0} (id int, name text) partition by range (id); create table {0}_low partition of {0} for values from (0) to (100)")
    {
        var events = database.NewName("events");
        await database.WatchAsync(
            string.Format(System.Globalization.CultureInfo.InvariantCulture, create, events), events, table => table.Key("event:{id}"));
        return events;
    }
}
