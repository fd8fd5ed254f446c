using Npgsql;

namespace HybridStore.IntegrationTests.Journaling.Schema;

/// <summary>A change wakes the listener only if one is there, and asleep.</summary>
public sealed class BellTests(JournalFixture database) : IClassFixture<JournalFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("-1", true)]
    [InlineData("-25", true)]
    [InlineData("30", false)]
    [InlineData("-35", false)]
    public async Task A_change_rings_when_the_listener_has_fallen_asleep_and_is_not_gone(string awakeUntilInSeconds, bool rings)
    {
        var users = await UsersAsync();
        await SetBellAsync($"(extract(epoch from clock_timestamp() + interval '{awakeUntilInSeconds} s') * 1000000)::bigint");

        Assert.Equal(rings, await RingsAsync($"insert into {users} values (1)"));
        Assert.Equal(rings, await RingsAsync($"insert into {users} values (2), (3)"));
        Assert.Equal(rings, await RingsAsync($"update {users} set id = id"));
        Assert.Equal(rings, await RingsAsync($"truncate {users}"));
        Assert.Equal(rings, await RingsAsync("select hybridstore.record('{user:1}', '{}')"));
    }

    [Fact]
    public async Task It_is_the_time_of_the_change_that_counts_and_not_that_of_its_transaction()
    {
        var users = await UsersAsync();

        Assert.True(await RingsAsync(
            $"""
            begin;
            select setval('hybridstore.bell', (extract(epoch from clock_timestamp()) * 1000000)::bigint);
            select pg_sleep(0.01);
            insert into {users} values (1);
            commit
            """));
    }

    [Fact]
    public async Task Nobody_rings_before_a_listener_has_been_there()
    {
        var users = await UsersAsync();
        await database.ExecuteAsync("drop sequence hybridstore.bell");
        await database.InstallAsync(static _ => { });

        Assert.Equal(1L, await database.ScalarAsync<long>("select last_value from hybridstore.bell"));
        await database.InstallAsync(builder => builder.Watch(users, table => table.Key("user:{id}")));
        Assert.False(await RingsAsync($"insert into {users} values (1)"));
    }

    [Fact]
    public async Task Where_the_doorbell_is_off_nobody_rings_and_turning_it_on_again_is_heard()
    {
        var users = await UsersAsync();
        await SetBellAsync("123");
        await database.InstallAsync(static _ => { }, options => options.Journal.RingDoorbell = false);
        Assert.Equal(long.MaxValue, await database.ScalarAsync<long>("select last_value from hybridstore.bell"));
        Assert.False(await RingsAsync($"insert into {users} values (1)"));

        await database.InstallAsync(static _ => { });
        Assert.Equal(1L, await database.ScalarAsync<long>("select last_value from hybridstore.bell"));
        await SetBellAsync("123");
        await database.InstallAsync(static _ => { });
        Assert.Equal(123L, await database.ScalarAsync<long>("select last_value from hybridstore.bell"));
    }

    private async Task<string> UsersAsync()
    {
        var users = database.NewName("users");
        await database.WatchAsync($"create table {users} (id int)", users, table => table.Key("user:{id}"));
        return users;
    }

    private Task SetBellAsync(string value) => database.ExecuteAsync($"select setval('hybridstore.bell', {value})");

    /// <summary>Whether the statement sends a notification. One that is sent afterwards tells when all have come.</summary>
    private async Task<bool> RingsAsync(string statement)
    {
        await using var listener = await database.DataSource.OpenConnectionAsync(Cancellation);
        var heard = new List<string>();
        listener.Notification += (_, notification) => heard.Add(notification.Channel);
        await using var listen = new NpgsqlCommand("listen hybridstore; listen finished", listener);
        await listen.ExecuteNonQueryAsync(Cancellation);
        await database.ExecuteAsync(statement, "notify finished");
        while (!heard.Contains("finished"))
        {
            await listener.WaitAsync(Cancellation);
        }

        return heard.Contains("hybridstore");
    }
}
