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
        _pending.Add(Of(["user:1"], []), out _);
        Assert.True(_pending.Covers("user:1"));
        Assert.False(_pending.Covers("USER:1"));

        _pending.Add(Of([], ["org:7"]), out _);
        Assert.True(_pending.Covers("user:2"));
    }

    [Fact]
    public void Names_are_merged_and_counted_once()
    {
        _pending.Add(Of(["user:1", "user:1"], ["org:7"]), out _);
        _pending.Add(Of(["user:1", "user:2"], ["org:7"]), out var overflowed);

        Assert.False(overflowed);
        Assert.Equal(3, _pending.Count);
        var batch = _pending.Take()!;
        var merged = Assert.Single(batch.Invalidations);
        Assert.Equal(["user:1", "user:2"], merged.Keys.Order());
        Assert.Equal(["org:7"], merged.Tags);
        Assert.Null(merged.TransactionId);
        Assert.False(batch.Everything);
    }

    [Fact]
    public async Task What_was_taken_is_covered_and_counted_until_it_is_complete()
    {
        var applied = _pending.Add(Of(["user:1"], []), out _);
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
        var first = _pending.Add(Of(["user:1"], []), out _);
        _pending.Take();
        var second = _pending.Add(Of(["user:1"], []), out _);

        _pending.Complete();

        Assert.True(first.IsCompletedSuccessfully);
        Assert.False(second.IsCompleted);
        Assert.True(_pending.Covers("user:1"));
        Assert.Equal(["user:1"], Assert.Single(_pending.Take()!.Invalidations).Keys);
        _pending.Complete();
        Assert.True(second.IsCompletedSuccessfully);
    }

    [Fact]
    public void Past_its_capacity_everything_is_covered_and_this_is_told_once()
    {
        _pending.Add(Of(["user:1", "user:2"], ["org:1", "org:2"]), out var full);
        Assert.False(full);
        Assert.False(_pending.Take()!.Everything);

        var applied = _pending.Add(Of(["user:3"], []), out var overflowed);
        _pending.Add(Of(["user:4"], []), out var again);

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
        var taken = _pending.Add(Of(["user:1"], []), out _);
        _pending.Take();
        var waiting = _pending.Add(Of(["user:2"], ["org:1"]), out _);

        Assert.Equal(3, _pending.Abandon());

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => taken);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _pending.Add(Of(["user:3"], []), out _));
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
            () => Task.WhenAll(Enumerable.Range(0, Each).Select(i => pending.Add(Of([$"{adder}:{i}"], []), out _))), cancellation)));

        // Each adder waits until all of its names have been applied.
        while (!adders.IsCompleted)
        {
            if (pending.Take() is { } batch)
            {
                seen.UnionWith(batch.Invalidations.SelectMany(what => what.Keys));
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
        _pending.Add(Of(["user:1"], []) with { TransactionId = 7 }, out _);
        _pending.Add(Of(["user:1"], ["org:7"]) with { TransactionId = 9 }, out _);
        _pending.Add(Of(["user:1"], []) with { TransactionId = 9 }, out _);
        _pending.Add(Of(["user:2"], []), out _);

        Assert.Equal(4, _pending.Count);
        var writes = _pending.Take()!.Invalidations.ToDictionary(what => what.TransactionId ?? 0);
        Assert.Equal([0UL, 7UL, 9UL], writes.Keys.Order());
        Assert.Equal(["user:1"], writes[7].Keys);
        Assert.Equal(["user:1"], writes[9].Keys);
        Assert.Equal(["org:7"], writes[9].Tags);
        Assert.Equal(["user:2"], writes[0].Keys);
    }

    private static Invalidation Of(IReadOnlyList<string> keys, IReadOnlyList<string> tags) => new() { Keys = keys, Tags = tags };
}
