using HybridStore.IntegrationTests.Fencing;

namespace HybridStore.IntegrationTests.PeerRaces;

/// <summary>Redis has no room (<c>noeviction</c>) while something is invalidated: fences are set all the same, and hold when there is
/// room again.</summary>
public sealed class FullRedisTests(OwnServersForRaces own) : IClassFixture<OwnServersForRaces>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(LoadPath.Query, true, "refused_tag_fenced")]
    [InlineData(LoadPath.Query, false, "refused_lease_lost")]
    [InlineData(LoadPath.Unstamped, true, "refused_tag_fenced")]
    [InlineData(LoadPath.Unstamped, false, "refused_lease_lost")]
    public async Task An_older_load_is_not_stored_when_there_is_room_again(LoadPath path, bool byTag, string refusal)
    {
        await using var race = await Race.StartAsync(own.Servers);
        var read = await race.HoldAsync(race.First, path);
        var xid = await race.CommitAsync(1);
        await WhileFullAsync(
            () => byTag ? Race.InvalidateTagAsync(race.Second, xid) : Race.InvalidateKeyAsync(race.Second, xid));

        Assert.True(await race.Redis.HashExistsAsync(byTag ? race.TagFences : race.Guard, xid));
        Assert.Equal((0, refusal), await read.EndAsync());
        Assert.Null(await race.CachedAsync());
        await race.AssertReadersGetAsync(1);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_write_is_applied_and_read_by_both_instances_while_there_is_no_room(bool byTag)
    {
        await using var race = await Race.StartAsync(own.Servers);
        await race.ReadAsync(race.First);
        Assert.Equal(0, await race.ReadAsync(race.Second));
        await WhileFullAsync(async () =>
        {
            var receipt = await race.Second.Store.WriteAsync(
                async (write, token) =>
                {
                    if (byTag)
                    {
                        write.InvalidateTag(Race.Tag);
                    }
                    else
                    {
                        write.Invalidate(Race.Key);
                    }

                    await write.ExecuteAsync("update item set version = 1 where id = 1", cancellationToken: token);
                },
                cancellationToken: Cancellation);

            Assert.Equal(InvalidationStatus.Applied, receipt.Status);
            Assert.Null(await race.CachedAsync());
            Assert.Equal(1, await race.ReadAsync(race.First));
            Assert.Equal(1, await race.ReadAsync(race.Second));
        });

        await race.AssertReadersGetAsync(1);
    }

    private async Task WhileFullAsync(Func<Task> act)
    {
        await own.Servers.Redis.RunAsync("CONFIG", "SET", "maxmemory", "1");
        try
        {
            await act();
        }
        finally
        {
            await own.Servers.Redis.RunAsync("CONFIG", "SET", "maxmemory", "0");
        }
    }
}
