using Npgsql;

namespace HybridStore.IntegrationTests.Journaling.Watching;

/// <summary>Each kind of statement names the keys and tags of the rows as they were and as they are.</summary>
public sealed class StatementTests(JournalFixture database) : IClassFixture<JournalFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Inserted_updated_and_deleted_rows_are_named_once_for_each_statement()
    {
        var users = await UsersAsync();

        Assert.Equal([new("user:4", "org:8")], await database.JournalOfAsync($"insert into {users} values (4, 8)"));
        Assert.Equal([new("user:1", "org:7")], await database.JournalOfAsync($"update {users} set name = 'x' where id = 1"));
        Assert.Equal([new("user:4", "org:8")], await database.JournalOfAsync($"delete from {users} where id = 4"));
        Assert.Equal(
            [new("user:1 user:2 user:3", "org:7 org:8")], await database.JournalOfAsync($"update {users} set name = 'y'"));
        Assert.Equal(
            [new("user:5 user:6", "org:7")], await database.JournalOfAsync($"insert into {users} values (5, 7), (6, 7)"));
        Assert.Equal([new("user:5 user:6", "org:7")], await database.JournalOfAsync($"delete from {users} where id > 4"));
    }

    [Fact]
    public async Task A_row_that_moves_is_named_as_it_was_and_as_it_is()
    {
        var users = await UsersAsync();

        Assert.Equal([new("user:1", "org:7 org:9")], await database.JournalOfAsync($"update {users} set org_id = 9 where id = 1"));
        Assert.Equal([new("user:1 user:10", "org:9")], await database.JournalOfAsync($"update {users} set id = 10 where id = 1"));
        Assert.Equal(
            [new("user:10 user:11 user:2 user:3", "org:5 org:7 org:8 org:9")],
            await database.JournalOfAsync($"update {users} set org_id = 5, id = case id when 10 then 11 else id end"));
    }

    [Fact]
    public async Task A_statement_that_changes_no_row_writes_nothing_and_takes_no_transaction_id()
    {
        var users = await UsersAsync();
        await using var connection = await database.DataSource.OpenConnectionAsync(Cancellation);
        await using var transaction = await connection.BeginTransactionAsync(Cancellation);
        await using var command = new NpgsqlCommand(
            $"update {users} set name = 'x' where id = -1; delete from {users} where id = -1; insert into {users} select 1 where false",
            connection);
        await command.ExecuteNonQueryAsync(Cancellation);
        command.CommandText = "select pg_current_xact_id_if_assigned() is null";

        Assert.True((bool)(await command.ExecuteScalarAsync(Cancellation))!);
        await transaction.CommitAsync(Cancellation);
        Assert.Empty(await database.TakeAsync());
    }

    [Fact]
    public async Task Copied_rows_are_named()
    {
        var users = await UsersAsync();
        await using (var connection = await database.DataSource.OpenConnectionAsync(Cancellation))
        {
            await using var writer = await connection.BeginTextImportAsync($"copy {users} (id, org_id) from stdin", Cancellation);
            await writer.WriteAsync("21\t7\n22\t8\n");
        }

        Assert.Equal([new("user:21 user:22", "org:7 org:8")], await database.TakeAsync());
    }

    [Fact]
    public async Task Merging_names_what_it_inserts_updates_and_deletes()
    {
        var users = await UsersAsync();

        var rows = await database.JournalOfAsync(
            $"""
            merge into {users} as target using (values (1, 9), (2, 0), (30, 9)) as source (id, org_id) on target.id = source.id
            when matched and source.org_id = 0 then delete
            when matched then update set org_id = source.org_id
            when not matched then insert values (source.id, source.org_id)
            """);

        Assert.Equal(
            [new("user:1", "org:7 org:9"), new("user:2", "org:7"), new("user:30", "org:9")], rows.OrderBy(row => row.Keys, StringComparer.Ordinal));
    }

    [Fact]
    public async Task An_upsert_names_the_row_that_it_finds_and_one_that_does_nothing_names_none()
    {
        var users = await UsersAsync();
        var upsert = $"insert into {users} values (1, 9) on conflict (id) do";

        Assert.Empty(await database.JournalOfAsync($"{upsert} nothing"));
        Assert.Equal([new("user:1", "org:7 org:9")], await database.JournalOfAsync($"{upsert} update set org_id = 9"));
    }

    [Fact]
    public async Task Rows_that_foreign_keys_change_are_named()
    {
        var (orgs, users) = (database.NewName("orgs"), database.NewName("users"));
        await database.ExecuteAsync(
            $"create table {orgs} (id int primary key); insert into {orgs} select generate_series(1, 4)");
        await database.WatchAsync(
            $"""
            create table {users} (id int primary key, org_id int references {orgs} on update cascade on delete cascade,
                second_id int references {orgs} on delete set null);
            insert into {users} values (1, 1, 2), (2, 1, 3), (3, 2, 3)
            """,
            users,
            table => table.Key("user:{id}").Tag("org:{org_id}").Tag("second:{second_id}"));

        Assert.Equal(
            [new("user:1 user:2", "org:1 org:9 second:2 second:3")], await database.JournalOfAsync($"update {orgs} set id = 9 where id = 1"));
        Assert.Equal(
            [new("user:2 user:3", "org:2 org:9 second:3", Skipped: 2)], await database.JournalOfAsync($"delete from {orgs} where id = 3"));
        Assert.Equal([new("user:1 user:2", "org:9 second:2", Skipped: 1)], await database.JournalOfAsync($"delete from {orgs} where id = 9"));
    }

    [Fact]
    public async Task Truncating_is_everything_once_for_each_transaction_also_where_it_cascades()
    {
        var (orgs, users) = (database.NewName("orgs"), database.NewName("users"));
        await database.ExecuteAsync($"create table {orgs} (id int primary key)");
        await database.WatchAsync(
            $"create table {users} (id int primary key, org_id int references {orgs})", users, table => table.Key("user:{id}"));

        Assert.Equal([JournalRow.All], await database.JournalOfAsync($"truncate {users}"));
        Assert.Equal([JournalRow.All], await database.JournalOfAsync($"truncate {orgs} cascade"));
        Assert.Equal(
            [JournalRow.All],
            await database.JournalOfAsync($"begin; truncate {users}; savepoint a; truncate {users}; rollback to a; truncate {users}; commit"));
        Assert.Equal(
            [JournalRow.All], await database.JournalOfAsync($"begin; savepoint a; truncate {users}; rollback to a; truncate {users}; commit"));
    }

    [Fact]
    public async Task What_is_rolled_back_is_not_in_the_journal()
    {
        var users = await UsersAsync();

        Assert.Empty(await database.JournalOfAsync($"begin; update {users} set name = 'x'; rollback"));
        Assert.Equal(
            [new("user:1", "org:7")],
            await database.JournalOfAsync(
                $"begin; update {users} set name = 'x' where id = 1; savepoint a; update {users} set name = 'x' where id = 2; rollback to a; commit"));
    }

    [Fact]
    public async Task All_rows_of_a_transaction_carry_its_id()
    {
        var users = await UsersAsync();
        await using var connection = await database.DataSource.OpenConnectionAsync(Cancellation);
        await using var transaction = await connection.BeginTransactionAsync(Cancellation);
        await using var command = new NpgsqlCommand(
            $"savepoint a; update {users} set name = 'x' where id = 1; release a; update {users} set name = 'x' where id = 2; select count(*) from hybridstore.journal where xid = pg_current_xact_id()",
            connection);

        Assert.Equal(2L, await command.ExecuteScalarAsync(Cancellation));
    }

    private async Task<string> UsersAsync()
    {
        var users = database.NewName("users");
        await database.WatchAsync(
            $"create table {users} (id int primary key, org_id int, name text); insert into {users} values (1, 7), (2, 7), (3, 8)",
            users,
            table => table.Key("user:{id}").Tag("org:{org_id}"));
        return users;
    }
}
