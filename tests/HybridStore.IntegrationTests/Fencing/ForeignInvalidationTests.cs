using System.Globalization;
using HybridStore.Fencing;
using HybridStore.Postgres;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace HybridStore.IntegrationTests.Fencing;

/// <summary>Invalidations that came by another way, with the id of a transaction.</summary>
public sealed class ForeignInvalidationTests(ServersFixture servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task It_may_come_late_and_again_and_an_entry_that_reflects_it_stays(bool byTag)
    {
        await using var race = await Race.StartAsync(servers);
        await race.ReadAsync(race.First);
        var xid = await race.CommitAsync(1);
        await ApplyAsync(race, byTag, xid);
        Assert.Null(await race.CachedAsync());
        Assert.Equal(1, await race.ReadAsync(race.First));

        await ApplyAsync(race, byTag, xid);
        await ApplyAsync(race, byTag, xid);

        Assert.Equal(1, await race.CachedAsync());
    }

    [Theory]
    [InlineData(true, LoadPath.Query)]
    [InlineData(false, LoadPath.Query)]
    [InlineData(true, LoadPath.Unstamped)]
    [InlineData(false, LoadPath.Unstamped)]
    public async Task It_may_come_before_its_commit_and_no_load_in_between_is_stored_not_even_one_without_a_stamp(bool byTag, LoadPath path)
    {
        await using var race = await Race.StartAsync(servers);
        await using var write = await race.BeginWriteAsync(1);
        await ApplyAsync(race, byTag, write.Xid);
        var read = await race.HoldAsync(race.First, path);
        await write.CommitAsync();

        Assert.Equal((0, byTag ? "refused_tag_fenced" : "refused_fenced"), await read.EndAsync());
        Assert.Null(await race.CachedAsync());
    }

    [Fact]
    public async Task After_its_commit_loads_without_a_stamp_are_stored_at_once()
    {
        await using var race = await Race.StartAsync(servers);
        await ApplyAsync(race, byTag: true, await race.CommitAsync(1));

        Assert.Equal(1, await race.ReadAsync(race.First, LoadPath.Unstamped));

        Assert.Equal(1, await race.CachedAsync());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_id_that_was_never_given_out_removes_all_that_is_named_and_keeps_nothing_from_being_cached(bool byTag)
    {
        await using var race = await Race.StartAsync(servers);
        await race.ReadAsync(race.First);
        var beyond = await race.CommitAsync(1) + 1_000_000_000;

        await ApplyAsync(race, byTag, beyond);

        Assert.Null(await race.CachedAsync());
        await race.AssertReadersGetAsync(1);
        Assert.False(await race.Redis.HashExistsAsync(race.Guard, beyond.ToString(CultureInfo.InvariantCulture)));
    }

    [Fact]
    public async Task Of_a_database_that_does_not_answer_the_fence_holds_whatever_became_of_the_write()
    {
        await using var nowhere = NpgsqlDataSource.Create("Host=127.0.0.1;Port=1;Username=nobody;Database=none;Timeout=1");
        await using var gateway = new PostgresGateway(nowhere, ownsDataSource: false, NullLogger.Instance);

        var fence = await new TransactionLookup(gateway, NullLogger.Instance).FindAsync(1234);

        Assert.Equal(new Fence(1234, BootMark.Unknown, IsCommitted: false), fence);
    }

    [Theory]
    [InlineData(0UL)]
    [InlineData(2UL)]
    public async Task An_id_that_PostgreSQL_keeps_for_itself_is_refused_with_the_remedy(ulong id)
    {
        await using var race = await Race.StartAsync(servers);

        var refusal = await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            () => race.First.Store.ApplyAsync(["user:1"], [], id, Cancellation));

        Assert.Contains("pg_current_xact_id()", refusal.Message, StringComparison.Ordinal);
    }

    private static async Task ApplyAsync(Race race, bool byTag, ulong xid)
    {
        var receipt = await race.Second.Store.ApplyAsync(byTag ? [] : [Race.Key], byTag ? [Race.Tag] : [], xid, Cancellation);
        Assert.Equal(InvalidationStatus.Applied, receipt.Status);
    }
}
