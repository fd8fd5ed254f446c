namespace HybridStore.IntegrationTests.Journaling.Watching;

/// <summary>A change of a partition or of a child table is one of its parent.</summary>
public sealed class PartitionTests(JournalFixture database) : IClassFixture<JournalFixture>
{
    [Fact]
    public async Task Rows_are_named_whether_they_are_changed_through_the_parent_or_in_a_partition()
    {
        var events = await EventsAsync();

        Assert.Equal([new("event:1", "")], await database.JournalOfAsync($"insert into {events} values (1, 'a')"));
        Assert.Equal([new("event:2", "")], await database.JournalOfAsync($"insert into {events}_low_a (id, kind) values (2, 'a')"));
        Assert.Equal([new("event:1 event:2", "")], await database.JournalOfAsync($"update {events} set kind = kind"));
        Assert.Equal([new("event:2", "")], await database.JournalOfAsync($"update {events}_low set kind = kind where id = 2"));
        Assert.Equal([new("event:2", "")], await database.JournalOfAsync($"delete from {events}_low_a where id = 2"));
    }

    [Fact]
    public async Task A_row_that_moves_to_another_partition_is_named_once()
    {
        var events = await EventsAsync();
        await database.ExecuteAsync($"insert into {events} values (1, 'a')");

        Assert.Equal([new("event:1 event:101", "")], await database.JournalOfAsync($"update {events} set id = 101"));
    }

    [Fact]
    public async Task A_row_that_a_trigger_keeps_out_of_its_new_partition_is_named_as_it_was()
    {
        var events = await EventsAsync();
        await database.ExecuteAsync(
            $"insert into {events} values (1, 'a'), (2, 'a')",
            $"create function {events}_refuse() returns trigger language plpgsql as 'begin return null; end'",
            $"create trigger refuse before insert on {events}_high for each row execute function {events}_refuse()");

        Assert.Equal([new("event:1", "")], await database.JournalOfAsync($"update {events} set id = 101 where id = 1"));
        Assert.Empty(await database.JournalOfAsync($"update {events} set id = 101 where id = 1"));
    }

    [Fact]
    public async Task Truncating_a_table_or_one_of_its_partitions_is_everything_once()
    {
        var events = await EventsAsync();

        Assert.Equal([JournalRow.All], await database.JournalOfAsync($"truncate {events}"));
        Assert.Equal([JournalRow.All], await database.JournalOfAsync($"truncate {events}_low_a"));
    }

    [Fact]
    public async Task A_child_table_is_watched_with_its_parent()
    {
        var parent = database.NewName("parent");
        await database.WatchAsync(
            $"create table {parent} (id int); create table {parent}_child (extra text) inherits ({parent})", parent, table => table.Key("row:{id}"));

        Assert.Equal([new("row:1", "")], await database.JournalOfAsync($"insert into {parent}_child values (1)"));
        Assert.Equal([new("row:1 row:2", "")], await database.JournalOfAsync($"update {parent} set id = 2"));
    }

    private async Task<string> EventsAsync()
    {
        var events = database.NewName("events");
        await database.WatchAsync(
            $"""
            create table {events} (id int, kind text) partition by range (id);
            create table {events}_low partition of {events} for values from (0) to (100) partition by list (kind);
            create table {events}_low_a (kind text, id int);
            alter table {events}_low attach partition {events}_low_a for values in ('a');
            create table {events}_high partition of {events} for values from (100) to (200)
            """,
            events,
            table => table.Key("event:{id}"));
        return events;
    }
}
