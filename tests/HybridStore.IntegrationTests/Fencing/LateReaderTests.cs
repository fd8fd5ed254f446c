using HybridStore.Fencing;
using HybridStore.Reading;

namespace HybridStore.IntegrationTests.Fencing;

/// <summary>A reader who comes after an invalidation gets nothing of a load that began before it.</summary>
public sealed class LateReaderTests(ServersFixture servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task Who_comes_after_the_invalidation_gets_the_new_row_and_causes_one_load(bool bySameInstance, bool byTag)
    {
        await using var race = await Race.StartAsync(servers);
        var older = await race.HoldAsync(race.First);
        var xid = await race.CommitAsync(1);
        var writer = bySameInstance ? race.First : race.Second;
        await (byTag ? Race.InvalidateTagAsync(writer, xid) : Race.InvalidateKeyAsync(writer, xid));
        var younger = new HeldLoad<int>(race.Load());
        younger.LetReturn();

        var late = Enumerable.Range(0, 16)
            .Select(_ => race.First.Store.GetAsync(Race.Key, younger.RunAsync, cancellationToken: Cancellation).AsTask())
            .ToArray();
        await race.SettleAsync();
        Assert.Equal(0, await older.EndWithoutStoreAsync());

        Assert.All(await Task.WhenAll(late), version => Assert.Equal(1, version));
        Assert.Equal(1, younger.Runs);
        await race.AssertReadersGetAsync(1);
    }

    [Fact]
    public async Task Who_comes_before_the_invalidation_may_share_the_older_load()
    {
        await using var race = await Race.StartAsync(servers);
        var load = new HeldLoad<int>(race.Load());
        var readers = Enumerable.Range(0, 16)
            .Select(_ => race.First.Store.GetAsync(Race.Key, load.RunAsync, cancellationToken: Cancellation).AsTask())
            .ToArray();
        await load.HasRead.WaitAsync(Cancellation);
        load.LetReturn();

        Assert.All(await Task.WhenAll(readers), version => Assert.Equal(0, version));
        Assert.Equal(1, load.Runs);
    }

    [Theory]
    [InlineData(5, 0, 0, false, true)]
    [InlineData(5, 3, 4, true, false)]
    [InlineData(5, 3, 8, true, true)]
    [InlineData(5, 3, 8, false, false)]
    public async Task A_caller_takes_what_began_after_it_came_or_was_sent_and_taken_after_it_came(
        long arrivedAt, long beganAt, long sentAt, bool stored, bool expected)
    {
        // The first case began late; the second was taken by the cache perhaps before an invalidation that the caller knows of.
        var landing = new Landing<int>(
            1, new LoadStamp(isWanted: false), beganAt == 0 ? arrivedAt + 1 : beganAt, sentAt, Task.FromResult(stored));

        Assert.Equal(expected, await landing.SatisfiesAsync(arrivedAt, Cancellation));
    }
}
