using HybridStore.Realtime.Counters;

namespace HybridStore.Realtime.Tests.Counters;

public class IncrementCombinerTests
{
    private readonly List<(Dictionary<string, long> Counts, TaskCompletionSource<bool> End)> _sent = [];
    private readonly IncrementCombiner _combiner;

    public IncrementCombinerTests() => _combiner = new IncrementCombiner(counts =>
    {
        var end = new TaskCompletionSource<bool>();
        _sent.Add((counts.ToDictionary(), end));
        return end.Task;
    });

    [Fact]
    public async Task Who_comes_first_is_sent_at_once_and_who_comes_meanwhile_together()
    {
        var first = _combiner.AddAsync("a", 1);
        Task<bool>[] later = [_combiner.AddAsync("a", 2), _combiner.AddAsync("b", 3), _combiner.AddAsync("a", 4)];
        Assert.Equal(new Dictionary<string, long> { ["a"] = 1 }, Assert.Single(_sent).Counts);
        _sent[0].End.SetResult(true);

        Assert.True(await first);
        Assert.Equal(new Dictionary<string, long> { ["a"] = 6, ["b"] = 3 }, _sent[1].Counts);
        Assert.All(later, task => Assert.False(task.IsCompleted));
        _sent[1].End.SetResult(false);
        Assert.All(await Task.WhenAll(later), Assert.False);

        // And whoever comes then is the first again.
        var last = _combiner.AddAsync("c", 1);
        Assert.Equal(3, _sent.Count);
        _sent[2].End.SetResult(true);
        Assert.True(await last);
    }

    [Fact]
    public async Task More_members_than_fit_into_a_call_travel_in_the_next()
    {
        var first = _combiner.AddAsync("first", 1);
        var later = Enumerable.Range(0, 1200).Select(number => _combiner.AddAsync($"{number}", 1)).ToArray();
        for (var call = 0; call < 4; call++)
        {
            _sent[call].End.SetResult(true);
        }

        Assert.True(await first);
        Assert.All(await Task.WhenAll(later), Assert.True);
        Assert.Equal([1, 500, 500, 200], _sent.Select(call => call.Counts.Count));
    }

    [Fact]
    public async Task A_call_that_throws_is_told_to_those_in_it_and_the_others_go_on()
    {
        var first = _combiner.AddAsync("a", 1);
        var second = _combiner.AddAsync("b", 1);
        _sent[0].End.SetException(new InvalidOperationException("broken"));
        await Assert.ThrowsAsync<InvalidOperationException>(() => first);
        _sent[1].End.SetResult(true);

        Assert.True(await second);
    }
}
