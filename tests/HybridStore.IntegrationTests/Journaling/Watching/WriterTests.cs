namespace HybridStore.IntegrationTests.Journaling.Watching;

/// <summary>Who writes, and how, makes no difference to what is written to the journal.</summary>
public sealed class WriterTests(JournalFixture database) : IClassFixture<JournalFixture>
{
    [Fact]
    public async Task A_writer_needs_no_right_on_the_schema_and_cannot_reach_into_it()
    {
        var (users, role) = (await UsersAsync(), database.NewName("writer"));
        await database.ExecuteAsync($"create role {role}; grant select, insert, update, delete, truncate on {users} to {role}");

        Assert.Equal(
            [new("user:a", ""), new("user:a user:b", ""), new("user:b", ""), JournalRow.All],
            await database.JournalOfAsync(
                $"set role {role}",
                $"insert into {users} values ('a')",
                $"update {users} set id = 'b'",
                $"delete from {users}",
                $"truncate {users}",
                "reset role"));
        string[] attempts =
        [
            "select * from hybridstore.journal",
            "select hybridstore.record('{a}', '{}')",
            "select hybridstore.record_everything()",
        ];
        foreach (var attempt in attempts)
        {
            var refusal = await Assert.ThrowsAsync<Npgsql.PostgresException>(() => database.ExecuteAsync($"set role {role}", attempt));
            Assert.Equal("42501", refusal.SqlState);
        }
    }

    [Fact]
    public async Task What_a_writer_puts_on_the_search_path_is_not_called()
    {
        var (users, role) = (await UsersAsync(), database.NewName("attacker"));
        await database.ExecuteAsync(
            $"create role {role}; grant all on {users} to {role}; create schema {role} authorization {role}",
            $"set role {role}",
            $"create function {role}.trap(text, text) returns text language plpgsql as 'begin raise exception ''trapped as %'', current_user; end'",
            $"create operator {role}.|| (leftarg = text, rightarg = text, function = {role}.trap)",
            $"create function {role}.trap_boolean(text, text) returns boolean language plpgsql as 'begin raise exception ''trapped''; end'",
            $"create operator {role}.~ (leftarg = text, rightarg = text, function = {role}.trap_boolean)",
            $"create operator {role}.= (leftarg = text, rightarg = text, function = {role}.trap_boolean)",
            $"create function {role}.replace(text, text, text) returns text language plpgsql as 'begin raise exception ''trapped''; end'",
            $"create function {role}.octet_length(text) returns int language plpgsql as 'begin raise exception ''trapped''; end'",
            $"create function {role}.pg_notify(text, text) returns void language plpgsql as 'begin raise exception ''trapped''; end'",
            "reset role");

        Assert.Equal(
            [new("user:%3A%01", ""), new("user:%3A user:%3A%01", "")],
            await database.JournalOfAsync(
                $"set role {role}",
                $"set search_path = {role}, pg_temp, pg_catalog, public",
                $"insert into public.{users} values (e':\\x01')",
                $"update public.{users} set id = ':'",
                "reset role",
                "reset search_path"));
    }

    [Fact]
    public async Task Triggers_fire_where_others_are_switched_off()
    {
        var users = await UsersAsync();

        Assert.Equal(
            [new("user:a", ""), JournalRow.All],
            await database.JournalOfAsync(
                "set session_replication_role = replica",
                $"insert into {users} values ('a')",
                $"truncate {users}",
                "reset session_replication_role"));
    }

    [Fact]
    public async Task Rows_that_row_level_security_hides_are_named()
    {
        var (users, role) = (await UsersAsync(), database.NewName("limited"));
        await database.ExecuteAsync(
            $"create role {role}; grant all on {users} to {role}; alter table {users} enable row level security",
            $"create policy writes on {users} for insert to {role} with check (true)");

        Assert.Equal(
            [new("user:a", "")],
            await database.JournalOfAsync($"set role {role}", $"insert into {users} values ('a')", "reset role"));
    }

    private async Task<string> UsersAsync()
    {
        var users = database.NewName("users");
        await database.WatchAsync($"create table {users} (id text)", users, table => table.Key("user:{id}"));
        return users;
    }
}
