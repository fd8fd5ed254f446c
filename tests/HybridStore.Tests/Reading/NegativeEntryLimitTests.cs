using HybridStore.Reading;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace HybridStore.Tests.Reading;

public class NegativeEntryLimitTests
{
    private readonly FakeTimeProvider _clock = new();
    private readonly RecordingLogger _logger = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void So_many_are_let_through_in_each_second()
    {
        var limit = new NegativeEntryLimit(3, _clock, _logger);
        for (var second = 0; second < 3; second++)
        {
            Assert.Equal([true, true, true, false, false], Enumerable.Range(0, 5).Select(_ => limit.TryTake()));
            _clock.Advance(TimeSpan.FromSeconds(1));
        }
    }

    [Fact]
    public void None_are_let_through_where_the_limit_is_zero()
    {
        var limit = new NegativeEntryLimit(0, _clock, _logger);
        for (var second = 0; second < 3; second++)
        {
            Assert.False(limit.TryTake());
            _clock.Advance(TimeSpan.FromSeconds(1));
        }
    }

    [Fact]
    public void The_largest_limit_does_not_run_over()
    {
        var limit = new NegativeEntryLimit(1_000_000, _clock, _logger);

        Assert.Equal(1_000_000, Enumerable.Range(0, 1_000_100).Count(_ => limit.TryTake()));
    }

    [Fact]
    public async Task However_many_ask_at_once_no_more_are_let_through()
    {
        var limit = new NegativeEntryLimit(1_000, _clock, _logger);
        for (var second = 0; second < 20; second++)
        {
            var taken = await Task.WhenAll(Enumerable.Range(0, 4).Select(
                _ => Task.Run(() => Enumerable.Range(0, 1_000).Count(_ => limit.TryTake()), Cancellation)));

            Assert.Equal(1_000, taken.Sum());
            _clock.Advance(TimeSpan.FromSeconds(1));
        }
    }

    [Fact]
    public void It_is_logged_once_a_minute_that_there_are_more()
    {
        var limit = new NegativeEntryLimit(1, _clock, _logger);
        for (var second = 0; second < 61; second++)
        {
            Assert.Equal([true, false, false], Enumerable.Range(0, 3).Select(_ => limit.TryTake()));
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.True(_logger.TryNext(out var first));
        Assert.Equal((2310, LogLevel.Warning), (first.Id.Id, first.Level));
        Assert.Contains("More than 1 missing rows", first.Message, StringComparison.Ordinal);
        Assert.Contains("MaxNegativeEntriesPerSecond", first.Message, StringComparison.Ordinal);
        Assert.True(_logger.TryNext(out _));
        Assert.False(_logger.TryNext(out _));
    }
}
