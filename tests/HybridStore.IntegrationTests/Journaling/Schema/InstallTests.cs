using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace HybridStore.IntegrationTests.Journaling.Schema;

/// <summary>The schema is installed as often as one likes, by call or by script.</summary>
public sealed class InstallTests(JournalFixture database) : IClassFixture<JournalFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Installing_again_keeps_the_journal_and_takes_no_lock_on_tables_that_are_watched_already()
    {
        var users = await UsersAsync();
        await database.ExecuteAsync($"insert into {users} values (1)");
        await using var writer = await database.DataSource.OpenConnectionAsync(Cancellation);
        await using var transaction = await writer.BeginTransactionAsync(Cancellation);
        await using var command = new NpgsqlCommand($"insert into {users} values (2)", writer);
        await command.ExecuteNonQueryAsync(Cancellation);

        await database.InstallAsync(builder => builder.Watch(users, table => table.Key("user:{id}")));
        await transaction.CommitAsync(Cancellation);

        Assert.Equal([new("user:1", ""), new("user:2", "")], await database.TakeAsync());
    }

    [Fact]
    public async Task Installing_another_definition_replaces_the_one_of_the_table_and_leaves_other_tables_watched()
    {
        var (users, others) = (await UsersAsync(), await UsersAsync());

        await database.InstallAsync(builder => builder.Watch(users, table => table.Key("u:{id}")));

        Assert.Equal(
            [new("u:1", ""), new("user:1", "")],
            await database.JournalOfAsync($"insert into {users} values (1)", $"insert into {others} values (1)"));
    }

    [Fact]
    public async Task Several_instances_install_at_once()
    {
        var users = database.NewName("users");
        await database.ExecuteAsync($"create table {users} (id int)");

        await Task.WhenAll(Enumerable.Range(0, 5).Select(
            _ => database.InstallAsync(builder => builder.Watch(users, table => table.Key("user:{id}")))));

        await database.TakeAsync();
        Assert.Equal([new("user:1", "")], await database.JournalOfAsync($"insert into {users} values (1)"));
    }

    [Fact]
    public async Task A_table_that_is_watched_no_more_has_no_triggers()
    {
        var users = await UsersAsync();

        Assert.Empty(await database.JournalOfAsync($"select hybridstore.unwatch('{users}')", $"insert into {users} values (1)"));
        Assert.Equal(0L, await database.ScalarAsync<long>($"select count(*) from pg_trigger where tgrelid = '{users}'::regclass"));
    }

    [Fact]
    public async Task A_schema_of_a_newer_release_is_left_alone()
    {
        await UsersAsync();
        await database.ExecuteAsync("update hybridstore.state set version = 1000");

        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(() => database.InstallAsync(static _ => { }));

        Assert.Equal(
            "The schema hybridstore has version 1000, and this release of HybridStore knows it up to version 1: install with the newer release.",
            refusal.Message);
        await database.ExecuteAsync("update hybridstore.state set version = 1");
    }

    [Fact]
    public async Task The_owner_of_the_tables_runs_the_script_and_the_application_has_the_rights_that_it_needs()
    {
        var (owner, role, schema) = (database.NewName("owner"), database.NewName("App role"), database.NewName("journal"));
        await database.ExecuteAsync(
            $"create role {owner} nosuperuser; create role \"{role}\"",
            $"do $$ begin execute format('grant create on database %I to {owner}', current_database()); end $$",
            $"create schema {owner} authorization {owner}; grant usage on schema {owner} to \"{role}\"",
            $"create table {owner}.users (id int); alter table {owner}.users owner to {owner}; grant insert on {owner}.users to \"{role}\"");
        await using var application = database.Application(
            builder => builder.Watch($"{owner}.users", table => table.Key("user:{id}")), options => options.Journal.Schema = schema);
        var script = application.GetRequiredService<HybridStoreSchema>().GetInstallScript(role);

        await database.ExecuteAsync($"set role {owner}", script, "reset role");
        await database.ExecuteAsync(
            $"set role \"{role}\"",
            $"insert into {owner}.users values (1)",
            $"select {schema}.record('{{a}}', '{{b}}')",
            $"insert into {schema}.journal (everything) values (true)",
            $"select setval('{schema}.bell', 5)",
            $"update {schema}.state set purged_below = '5'",
            $"do $$ begin if (select count(*) from {schema}.journal) <> 3 then raise 'wrong'; end if; end $$",
            $"delete from {schema}.journal",
            $"select last_value from {schema}.bell",
            $"select from {schema}.watched, {schema}.watched_relation",
            "reset role");
        string[] attempts =
        [
            $"select {schema}.record_everything()",
            $"select {schema}.watch('{owner}.users', '{{}}')",
            $"delete from {schema}.watched",
            $"update {schema}.journal set keys = '{{}}'",
        ];
        foreach (var forbidden in attempts)
        {
            var refusal = await Assert.ThrowsAsync<PostgresException>(() => database.ExecuteAsync($"set role \"{role}\"", forbidden));
            Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refusal.SqlState);
        }

        Assert.Equal(0L, await database.ScalarAsync<long>($"select count(*) from pg_event_trigger where evtname like '{schema}%'"));
    }

    [Fact]
    public async Task The_application_records_what_it_changes_itself()
    {
        await UsersAsync();

        Assert.Equal(
            [new("a b", "c"), new("", ""), new("a", "")],
            await database.JournalOfAsync(
                "select hybridstore.record('{a,b}', '{c}')", "select hybridstore.record(null, null)", "select hybridstore.record('{a,null}', '{}')"));
    }

    [Fact]
    public async Task Removing_leaves_nothing_behind()
    {
        var (schema, partitioned) = (database.NewName("journal"), database.NewName("events"));
        var catalog =
            """
            select concat_ws(' ',
                (select count(*) from pg_class), (select count(*) from pg_proc), (select count(*) from pg_namespace), (select count(*) from pg_type),
                (select count(*) from pg_trigger), (select count(*) from pg_event_trigger), (select count(*) from pg_depend))
            """;
        await database.ExecuteAsync(
            $"create table {partitioned} (id int) partition by range (id); create table {partitioned}_low partition of {partitioned} for values from (0) to (9)");
        var before = await database.ScalarAsync<string>(catalog);
        await using var application = database.Application(
            builder => builder.Watch(partitioned, table => table.Key("event:{id}")), options => options.Journal.Schema = schema);
        var installed = application.GetRequiredService<HybridStoreSchema>();
        await installed.InstallAsync(Cancellation);
        Assert.NotEqual(before, await database.ScalarAsync<string>(catalog));

        await installed.RemoveAsync(Cancellation);
        Assert.Equal(before, await database.ScalarAsync<string>(catalog));
        await installed.InstallAsync(Cancellation);
        await database.ExecuteAsync(installed.GetRemovalScript());
        Assert.Equal(before, await database.ScalarAsync<string>(catalog));
        await installed.RemoveAsync(Cancellation);
    }

    private async Task<string> UsersAsync()
    {
        var users = database.NewName("users");
        await database.WatchAsync($"create table {users} (id int)", users, table => table.Key("user:{id}"));
        return users;
    }
}
