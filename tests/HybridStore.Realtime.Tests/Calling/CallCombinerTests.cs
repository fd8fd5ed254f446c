using System.Diagnostics;
using HybridStore.Realtime.Redis;

namespace HybridStore.Realtime.Tests.Calling;

public class CallCombinerTests
{
    private const int ItemsPerCall = 500;

    private readonly List<(string Lane, int[] Items, TaskCompletionSource<IReadOnlyList<int>> End)> _sent = [];
    private readonly List<Activity?> _activities = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Who_comes_first_is_sent_at_once_and_who_comes_meanwhile_together_in_order()
    {
        var combiner = Combiner();
        var first = combiner.MakeAsync("lane", 1, Cancellation);
        Task<int>[] later = [.. Enumerable.Range(2, 3).Select(item => combiner.MakeAsync("lane", item, Cancellation))];
        Assert.Equal([1], Assert.Single(_sent).Items);
        End(0);

        Assert.Equal(10, await first);
        Assert.Equal([2, 3, 4], _sent[1].Items);
        Assert.All(later, task => Assert.False(task.IsCompleted));
        End(1);
        Assert.Equal(new[] { 20, 30, 40 }, await Task.WhenAll(later));

        // And whoever comes then is the first again.
        var last = combiner.MakeAsync("lane", 5, Cancellation);
        Assert.Equal(3, _sent.Count);
        End(2);
        Assert.Equal(50, await last);
    }

    [Fact]
    public async Task Two_calls_may_be_under_way_and_a_third_waits()
    {
        var combiner = Combiner(mostUnderWay: 2);
        Task<int>[] calls = [.. Enumerable.Range(1, 4).Select(item => combiner.MakeAsync("lane", item, Cancellation))];
        Assert.Equal([[1], [2]], _sent.Select(call => call.Items));
        End(1);

        Assert.Equal(20, await calls[1]);
        Assert.Equal([3, 4], _sent[2].Items);
        End(0);
        End(2);
        Assert.Equal(new[] { 10, 20, 30, 40 }, await Task.WhenAll(calls));
    }

    [Fact]
    public async Task Lanes_do_not_wait_for_each_other()
    {
        var combiner = Combiner();
        Task<int>[] calls =
        [
            combiner.MakeAsync("a", 1, Cancellation), combiner.MakeAsync("b", 2, Cancellation), combiner.MakeAsync("a", 3, Cancellation),
        ];
        Assert.Equal(["a", "b"], _sent.Select(call => call.Lane));
        End(0);
        Assert.Equal(("a", 3), (_sent[2].Lane, Assert.Single(_sent[2].Items)));
        End(1);
        End(2);

        Assert.Equal(new[] { 10, 20, 30 }, await Task.WhenAll(calls));
    }

    [Fact]
    public async Task More_than_fit_into_a_call_travel_in_the_next()
    {
        var combiner = Combiner();
        Task<int>[] calls = [.. Enumerable.Range(0, 1 + 1200).Select(item => combiner.MakeAsync("lane", item, Cancellation))];
        for (var call = 0; call < 4; call++)
        {
            End(call);
        }

        Assert.Equal(Enumerable.Range(0, 1201).Select(item => item * 10), await Task.WhenAll(calls));
        Assert.Equal([1, 500, 500, 200], _sent.Select(call => call.Items.Length));
    }

    [Fact]
    public async Task A_call_that_throws_is_told_to_those_in_it_and_the_others_go_on()
    {
        var combiner = Combiner();
        var first = combiner.MakeAsync("lane", 1, Cancellation);
        Task<int>[] second = [combiner.MakeAsync("lane", 2, Cancellation), combiner.MakeAsync("lane", 3, Cancellation)];
        _sent[0].End.SetException(new InvalidOperationException("broken"));
        await Assert.ThrowsAsync<InvalidOperationException>(() => first);
        var third = combiner.MakeAsync("lane", 4, Cancellation);
        _sent[1].End.SetException(new InvalidOperationException("broken again"));
        await Assert.ThrowsAsync<InvalidOperationException>(() => second[0]);
        await Assert.ThrowsAsync<InvalidOperationException>(() => second[1]);
        End(2);

        Assert.Equal(40, await third);
    }

    [Fact]
    public async Task Who_gives_up_takes_nobody_along()
    {
        var combiner = Combiner();
        using var giveUp = new CancellationTokenSource();
        var first = combiner.MakeAsync("lane", 1, giveUp.Token);
        var second = combiner.MakeAsync("lane", 2, giveUp.Token);
        var third = combiner.MakeAsync("lane", 3, Cancellation);
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        End(0);
        End(1);

        Assert.Equal(30, await third);
        Assert.Equal([2, 3], _sent[1].Items);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => combiner.MakeAsync("lane", 4, giveUp.Token));
        Assert.Equal(2, _sent.Count);
    }

    [Fact]
    public async Task Who_waits_behind_a_call_that_is_not_answered_is_not_sent_and_who_comes_then_is()
    {
        var limit = new WaitLimitUnderTest();
        var combiner = Combiner(limit: limit);
        Task<int>[] calls = [.. Enumerable.Range(1, 3).Select(item => combiner.MakeAsync("lane", item, Cancellation))];
        _sent[0].End.SetResult([WaitLimitUnderTest.Unanswered]);

        Assert.Equal(
            new[] { WaitLimitUnderTest.Unanswered, WaitLimitUnderTest.Refused, WaitLimitUnderTest.Refused }, await Task.WhenAll(calls));
        Assert.Single(_sent);
        var first = combiner.MakeAsync("lane", 4, Cancellation);
        var second = combiner.MakeAsync("lane", 5, Cancellation);
        End(1);
        Assert.Equal(40, await first);

        // Of a call for several the last answer tells: it comes last.
        var third = combiner.MakeAsync("lane", 6, Cancellation);
        End(2);
        Assert.Equal(50, await second);
        Task<int>[] fourth = [combiner.MakeAsync("lane", 7, Cancellation), combiner.MakeAsync("lane", 8, Cancellation)];
        End(3);
        Assert.Equal(60, await third);
        var fifth = combiner.MakeAsync("lane", 9, Cancellation);
        _sent[4].End.SetResult([70, WaitLimitUnderTest.Unanswered]);
        Assert.Equal(new[] { 70, WaitLimitUnderTest.Unanswered, WaitLimitUnderTest.Refused }, await Task.WhenAll([.. fourth, fifth]));
        Assert.Equal(5, _sent.Count);
    }

    [Fact]
    public async Task What_follows_is_no_part_of_what_the_first_caller_does()
    {
        using var source = new ActivitySource("calls");
        using var listener = new ActivityListener
        {
            ShouldListenTo = candidate => candidate == source,
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
        };
        ActivitySource.AddActivityListener(listener);
        var combiner = Combiner();
        Task<int>[] calls;
        using (var request = source.StartActivity("request"))
        {
            Assert.NotNull(request);
            calls = [.. Enumerable.Range(1, 2).Select(item => combiner.MakeAsync("lane", item, Cancellation))];
            End(0);
            Assert.Equal([request, null], _activities);
            Assert.Equal(request, Activity.Current);
        }

        End(1);
        Assert.Equal(new[] { 10, 20 }, await Task.WhenAll(calls));
    }

    [Fact]
    public async Task Who_has_waited_for_too_long_is_not_sent_with_those_who_have_not()
    {
        var limit = new WaitLimitUnderTest();
        var combiner = Combiner(limit: limit);
        var first = combiner.MakeAsync("lane", 1, Cancellation);
        var second = combiner.MakeAsync("lane", 2, Cancellation);
        limit.Now = 100;
        var third = combiner.MakeAsync("lane", 3, Cancellation);
        limit.Shortest = 100;
        End(0);

        Assert.Equal(10, await first);
        Assert.Equal(WaitLimitUnderTest.TooLong, await second);
        Assert.Equal([3], _sent[1].Items);
        End(1);
        Assert.Equal(30, await third);
    }

    private void End(int call) => _sent[call].End.SetResult([.. _sent[call].Items.Select(item => item * 10)]);

    private CallCombiner<string, int, int> Combiner(int mostUnderWay = 1, IWaitLimit<int>? limit = null) => new(
        (lane, items) =>
        {
            var end = new TaskCompletionSource<IReadOnlyList<int>>();
            _sent.Add((lane, [.. items], end));
            _activities.Add(Activity.Current);
            return end.Task;
        },
        ItemsPerCall,
        mostUnderWay,
        limit);

    private sealed class WaitLimitUnderTest : IWaitLimit<int>
    {
        public const int Unanswered = -1;
        public const int Refused = -2;
        public const int TooLong = -3;

        public long Now { get; set; }

        /// <summary>Who came before has waited for too long.</summary>
        public long Shortest { get; set; }

        public bool EndsWaits(int answer) => answer == Unanswered;

        public bool IsOver(long since, long now, bool isUseless, out int answer)
        {
            answer = isUseless ? Refused : TooLong;
            return isUseless || since < Shortest;
        }
    }
}
