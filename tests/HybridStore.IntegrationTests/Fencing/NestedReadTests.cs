namespace HybridStore.IntegrationTests.Fencing;

/// <summary>A value that is built on another cached value is as old as that one.</summary>
public sealed class NestedReadTests(ServersFixture servers)
{
    private const string Part = "part";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_stamp_is_the_meet_of_all_that_was_read()
    {
        await using var race = await Race.StartAsync(servers);
        await ReadPartAsync(race);
        var part = await race.StampAsync(Part);
        var xid = await race.CommitAsync(1);

        Assert.Equal(1, await ReadWholeAsync(race));

        var whole = await race.StampAsync();
        Assert.Equal(part, whole);
        Assert.False(whole!.Sees(xid));
    }

    [Fact]
    public async Task An_older_part_makes_the_whole_go_with_a_write_that_the_part_does_not_see()
    {
        await using var race = await Race.StartAsync(servers);
        await ReadPartAsync(race);
        var xid = await race.CommitAsync(1, item: 2);
        Assert.Equal(0, await ReadWholeAsync(race));

        await Race.InvalidateKeyAsync(race.Second, xid);

        Assert.Null(await race.CachedAsync());
    }

    [Theory]
    [InlineData(LoadPath.Query)]
    [InlineData(LoadPath.Unstamped)]
    public async Task A_whole_is_not_stored_while_a_part_is_older_than_the_write_that_invalidated_the_whole(LoadPath path)
    {
        await using var race = await Race.StartAsync(servers);
        await ReadPartAsync(race);
        var xid = await race.CommitAsync(1, item: 2);
        await Race.InvalidateKeyAsync(race.Second, xid);

        var read = await race.HoldAsync(race.First, (context, token) => WholeAsync(race, path, context, token));

        Assert.Equal((0, "refused_fenced"), await read.EndAsync());
        await Race.InvalidateKeyAsync(race.Second, xid, Part);
        Assert.Equal(1, await ReadWholeAsync(race));
        Assert.Equal(1, await race.CachedAsync());
    }

    [Fact]
    public async Task A_part_without_a_stamp_leaves_the_whole_without_one()
    {
        await using var race = await Race.StartAsync(servers);
        await ReadPartAsync(race, LoadPath.Unstamped);

        await ReadWholeAsync(race);

        Assert.Null(await race.StampAsync());
    }

    [Fact]
    public async Task So_does_a_part_without_a_stamp_that_is_loaded_in_the_same_breath()
    {
        await using var race = await Race.StartAsync(servers);

        var read = await race.HoldAsync(race.First, async (context, token) =>
            await LoadPath.Query.ReadAsync<int>("select version from item where id = 1", race.First.DataSource, context, token)
            + await race.First.Store.GetAsync(Part, race.Load(LoadPath.Unstamped, item: 2), cancellationToken: token));

        Assert.Equal((0, "stored"), await read.EndAsync());
        Assert.Null(await race.StampAsync());
    }

    [Fact]
    public async Task A_stamped_part_does_not_vouch_for_what_was_read_by_other_means_before_it()
    {
        await using var race = await Race.StartAsync(servers);
        ulong xid = 0;
        var read = await race.HoldAsync(race.First, async (context, token) =>
        {
            var before = await LoadPath.Unstamped.ReadAsync<int>(
                "select version from item where id = 1", race.First.DataSource, context, token);
            xid = await race.CommitAsync(1);
            return before + await race.First.Store.GetAsync(Part, race.Load(item: 2), cancellationToken: token);
        });
        Assert.Equal((0, "stored"), await read.EndAsync());

        await Race.InvalidateKeyAsync(race.Second, xid);

        Assert.Null(await race.CachedAsync());
        await race.AssertReadersGetAsync(1);
    }

    [Fact]
    public async Task A_failed_first_statement_does_not_leave_the_rest_with_a_later_stamp()
    {
        await using var race = await Race.StartAsync(servers);
        ulong xid = 0;
        var read = await race.HoldAsync(race.First, async (context, token) =>
        {
            await Assert.ThrowsAsync<Npgsql.PostgresException>(
                async () => await context.ExecuteScalarAsync<int>("select 1 / 0", cancellationToken: token));
            var before = await context.ExecuteScalarAsync<int>("select version from item where id = 1", cancellationToken: token);
            xid = await race.CommitAsync(1);
            return before + await race.First.Store.GetAsync(Part, race.Load(item: 2), cancellationToken: token);
        });
        Assert.Equal((0, "stored"), await read.EndAsync());

        await Race.InvalidateKeyAsync(race.Second, xid);

        Assert.Null(await race.CachedAsync());
        await race.AssertReadersGetAsync(1);
    }

    private static ValueTask<int> ReadPartAsync(Race race, LoadPath path = LoadPath.Query) =>
        race.First.Store.GetAsync(Part, race.Load(path, item: 2), cancellationToken: Cancellation);

    private static async Task<int> ReadWholeAsync(Race race)
    {
        var whole = await race.First.Store.GetAsync(
            Race.Key, (context, token) => WholeAsync(race, LoadPath.Query, context, token), cancellationToken: Cancellation);
        await race.SettleAsync();
        return whole;
    }

    /// <summary>The sum of the versions of two items, the second of which is cached by itself.</summary>
    private static async ValueTask<int> WholeAsync(Race race, LoadPath path, LoadContext context, CancellationToken token) =>
        await path.ReadAsync<int>("select version from item where id = 1", race.First.DataSource, context, token)
        + await race.First.Store.GetAsync(Part, race.Load(item: 2), cancellationToken: token);
}
