namespace HybridStore.IntegrationTests.Journaling.Watching;

/// <summary>Statements that change many rows.</summary>
public sealed class ManyRowsTests(JournalFixture database) : IClassFixture<JournalFixture>
{
    [Fact]
    public async Task Many_names_are_spread_over_rows_of_a_thousand()
    {
        var users = await UsersAsync(10_000);

        await database.ExecuteAsync($"insert into {users} select n, n % 10 from generate_series(1, 2500) n");
        Assert.Equal(
            "1000:10,1000:0,500:0",
            await database.ScalarAsync<string>(
                "select string_agg(cardinality(keys) || ':' || cardinality(tags), ',' order by cardinality(keys) desc, cardinality(tags) desc) from hybridstore.journal"));
        Assert.Equal(
            2500L, await database.ScalarAsync<long>("select count(distinct name) from hybridstore.journal, unnest(keys) as name"));
        await database.TakeAsync();

        await database.ExecuteAsync($"update {users} set id = id + 2500");
        Assert.Equal(
            5000L, await database.ScalarAsync<long>("select count(distinct name) from hybridstore.journal, unnest(keys) as name"));
        Assert.Equal(5L, await database.ScalarAsync<long>("select count(*) from hybridstore.journal"));
    }

    [Fact]
    public async Task More_rows_than_the_limit_are_everything()
    {
        var users = await UsersAsync(3);

        Assert.Equal([new("user:1 user:2 user:3", "org:1")], await database.JournalOfAsync($"insert into {users} values (1, 1), (2, 1), (3, 1)"));
        Assert.Equal([new("user:1 user:2 user:3", "org:1")], await database.JournalOfAsync($"update {users} set org = 1"));
        Assert.Equal([JournalRow.All], await database.JournalOfAsync($"insert into {users} values (4, 1), (5, 1), (6, 1), (7, 1)"));
        Assert.Equal([JournalRow.All], await database.JournalOfAsync($"update {users} set org = 1"));
        Assert.Equal([JournalRow.All], await database.JournalOfAsync($"delete from {users}"));
    }

    [Fact]
    public async Task An_update_of_a_million_rows_writes_one_row()
    {
        var users = await UsersAsync(10_000);

        Assert.Equal(
            [JournalRow.All, JournalRow.All],
            await database.JournalOfAsync(
                $"insert into {users} select n, 1 from generate_series(1, 1000000) n", $"update {users} set org = 2"));
    }

    private async Task<string> UsersAsync(int rowLimit)
    {
        var users = database.NewName("users");
        await database.WatchAsync(
            $"create table {users} (id int, org int)",
            users,
            table => table.Key("user:{id}").Tag("org:{org}"),
            options => options.Journal.RowLimit = rowLimit);
        return users;
    }
}
