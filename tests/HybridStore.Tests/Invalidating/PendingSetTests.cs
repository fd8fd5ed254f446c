using HybridStore.Fencing;
using HybridStore.Invalidating;

namespace HybridStore.Tests.Invalidating;

public class PendingSetTests
{
    private readonly PendingSet _pending = new(capacity: 4);

    [Fact]
    public void Nothing_is_covered_at_first()
    {
        Assert.True(_pending.IsEmpty);
        Assert.Equal(0, _pending.Count);
        Assert.False(_pending.Covers("user:1"));
        Assert.Null(_pending.Take());
    }

    [Fact]
    public void A_key_covers_itself_and_a_tag_covers_every_key()
    {
        _pending.Add(Of(["user:1"], []), null, out _);
        Assert.True(_pending.Covers("user:1"));
        Assert.False(_pending.Covers("USER:1"));

        _pending.Add(Of([], ["org:7"]), null, out _);
        Assert.True(_pending.Covers("user:2"));
    }

    [Fact]
    public void Names_are_merged_and_counted_once()
    {
        _pending.Add(Of(["user:1", "user:1"], ["org:7"]), null, out _);
        _pending.Add(Of(["user:1", "user:2"], ["org:7"]), null, out var overflowed);

        Assert.False(overflowed);
        Assert.Equal(3, _pending.Count);
        var batch = _pending.Take()!;
        var (merged, write) = Assert.Single(batch.Invalidations);
        Assert.Equal(["user:1", "user:2"], merged.Keys.Order());
        Assert.Equal(["org:7"], merged.Tags);
        Assert.Null(write);
        Assert.False(batch.Everything);
    }

    [Fact]
    public async Task What_was_taken_is_covered_and_counted_until_it_is_complete()
    {
        var applied = _pending.Add(Of(["user:1"], []), null, out _);
        var batch = _pending.Take();
        Assert.Same(batch, _pending.Take());
        Assert.True(_pending.Covers("user:1"));
        Assert.Equal(1, _pending.Count);
        Assert.False(applied.IsCompleted);

        _pending.Complete();

        await applied;
        Assert.False(_pending.Covers("user:1"));
        Assert.True(_pending.IsEmpty);
        Assert.Null(_pending.Take());
    }

    [Fact]
    public void A_name_that_comes_while_it_is_being_applied_waits_for_the_next_time()
    {
        var first = _pending.Add(Of(["user:1"], []), null, out _);
        _pending.Take();
        var second = _pending.Add(Of(["user:1"], []), null, out _);

        _pending.Complete();

        Assert.True(first.IsCompletedSuccessfully);
        Assert.False(second.IsCompleted);
        Assert.True(_pending.Covers("user:1"));
        Assert.Equal(["user:1"], Assert.Single(_pending.Take()!.Invalidations).What.Keys);
        _pending.Complete();
        Assert.True(second.IsCompletedSuccessfully);
    }

    [Fact]
    public void Past_its_capacity_everything_is_covered_and_this_is_told_once()
    {
        _pending.Add(Of(["user:1", "user:2"], ["org:1", "org:2"]), null, out var full);
        Assert.False(full);
        Assert.False(_pending.Take()!.Everything);

        var applied = _pending.Add(Of(["user:3"], []), null, out var overflowed);
        _pending.Add(Of(["user:4"], []), null, out var again);

        Assert.True(overflowed);
        Assert.False(again);
        Assert.True(_pending.Covers("any"));
        _pending.Complete();
        Assert.True(_pending.Covers("any"));
        var batch = _pending.Take()!;
        Assert.True(batch.Everything);
        Assert.Empty(batch.Invalidations);
        _pending.Complete();
        Assert.True(applied.IsCompletedSuccessfully);
        Assert.False(_pending.Covers("any"));
    }

    [Fact]
    public async Task Abandoned_names_are_told_and_so_are_later_ones()
    {
        var taken = _pending.Add(Of(["user:1"], []), null, out _);
        _pending.Take();
        var waiting = _pending.Add(Of(["user:2"], ["org:1"]), null, out _);

        Assert.Equal(3, _pending.Abandon());

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => taken);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _pending.Add(Of(["user:3"], []), null, out _));
    }

    [Fact]
    public async Task Names_are_never_lost_between_adding_and_taking()
    {
        const int Adders = 8;
        const int Each = 500;
        var pending = new PendingSet(capacity: Adders * Each);
        var cancellation = TestContext.Current.CancellationToken;
        var seen = new HashSet<string>();
        var adders = Task.WhenAll(Enumerable.Range(0, Adders).Select(adder => Task.Run(
            () => Task.WhenAll(Enumerable.Range(0, Each).Select(i => pending.Add(Of([$"{adder}:{i}"], []), null, out _))), cancellation)));

        // Each adder waits until all of its names have been applied.
        while (!adders.IsCompleted)
        {
            if (pending.Take() is { } batch)
            {
                seen.UnionWith(batch.Invalidations.SelectMany(one => one.What.Keys));
                pending.Complete();
            }
            else
            {
                await Task.Yield();
            }
        }

        await adders;
        Assert.Equal(Adders * Each, seen.Count);
        Assert.True(pending.IsEmpty);
    }

    [Fact]
    public void Which_write_a_name_waits_for_is_not_lost()
    {
        _pending.Add(Of(["user:1"], []), Write(7), out _);
        _pending.Add(Of(["user:1"], ["org:7"]), Write(9), out _);
        _pending.Add(Of(["user:1"], []), Write(9), out _);
        _pending.Add(Of(["user:2"], []), null, out _);

        Assert.Equal(4, _pending.Count);
        var writes = _pending.Take()!.Invalidations.ToDictionary(one => one.Fence?.TransactionId ?? 0, one => one.What);
        Assert.Equal([0UL, 7UL, 9UL], writes.Keys.Order());
        Assert.Equal(["user:1"], writes[7].Keys);
        Assert.Equal(["user:1"], writes[9].Keys);
        Assert.Equal(["org:7"], writes[9].Tags);
        Assert.Equal(["user:2"], writes[0].Keys);
    }

    [Fact]
    public void Past_its_capacity_it_remembers_the_largest_write_that_was_not_committed()
    {
        _pending.Add(Of(["user:1", "user:2"], []), Write(7) with { IsCommitted = false }, out _);
        _pending.Add(Of(["user:3", "user:4", "user:5"], []), Write(9), out var overflowed);
        _pending.Add(Of(["user:6"], []), Write(8) with { IsCommitted = false }, out _);

        Assert.True(overflowed);
        Assert.Equal(8UL, _pending.Take()!.Floor);
    }

    [Fact]
    public async Task Everything_can_be_asked_for()
    {
        var applied = _pending.AddEverything();

        Assert.True(_pending.Covers("any"));
        Assert.True(_pending.Take()!.Everything);
        _pending.Complete();
        await applied;
        _pending.Abandon();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _pending.AddEverything());
    }

    private static Fence Write(ulong transactionId) => new(transactionId, new BootMark(1), IsCommitted: true);

    private static Invalidation Of(IReadOnlyList<string> keys, IReadOnlyList<string> tags) => new() { Keys = keys, Tags = tags };
}
