using Npgsql;

namespace HybridStore.IntegrationTests.Fencing;

/// <summary>The promise holds whatever isolation level statements run at by default.</summary>
public sealed class IsolationLevelTests(ServersFixture servers)
{
    [Theory]
    [InlineData("repeatable read", LoadPath.Query)]
    [InlineData("repeatable read", LoadPath.OpenConnection)]
    [InlineData("serializable", LoadPath.Query)]
    [InlineData("read committed", LoadPath.Query)]
    public async Task A_stamp_is_as_old_as_what_is_read_under_it(string level, LoadPath path)
    {
        await using var race = await StartAsync(level);
        var read = await race.HoldAsync(race.First, async (context, token) =>
        {
            Assert.Equal(level, await path.ReadAsync<string>(
                "show transaction_isolation", race.First.DataSource, context, token));
            return await race.Load(path)(context, token);
        });
        var xid = await race.CommitAsync(1);
        await Race.InvalidateTagAsync(race.Second, xid);

        Assert.Equal((0, "refused_tag_fenced"), await read.EndAsync());
        await race.AssertReadersGetAsync(1);
        Assert.True((await race.StampAsync())!.Sees(xid));
    }

    [Theory]
    [InlineData("repeatable read")]
    [InlineData("serializable")]
    public async Task A_stamp_taken_before_a_commit_does_not_see_it_whatever_is_read_later(string level)
    {
        await using var race = await StartAsync(level);
        ulong xid = 0;
        var read = await race.HoldAsync(race.First, async (context, token) =>
        {
            await context.OpenConnectionAsync(token);
            xid = await race.CommitAsync(1);
            return await race.Load()(context, token);
        });
        Assert.Equal((1, "stored"), await read.EndAsync());

        Assert.False((await race.StampAsync())!.Sees(xid));
        await Race.InvalidateKeyAsync(race.Second, xid);
        Assert.Null(await race.CachedAsync());
    }

    private Task<Race> StartAsync(string level) =>
        Race.StartAsync(servers, options =>
        {
            var builder = new NpgsqlConnectionStringBuilder(options.PostgresConnectionString);
            builder.Options = $"-c default_transaction_isolation={level.Replace(" ", "\\ ", StringComparison.Ordinal)}";
            options.PostgresConnectionString = builder.ConnectionString;
        });
}
