using HybridStore.Realtime.Buffering;

namespace HybridStore.Realtime.Tests.Buffering;

public class ReadPaceTests
{
    private const int Wanted = 5_000;

    [Theory]
    [InlineData(64)]
    [InlineData(256 << 10)]
    [InlineData(16 << 20)]
    public void What_is_read_at_once_is_never_more_than_may_be_held(int maximumRowBytes)
    {
        var pace = new ReadPace(maximumRowBytes);
        var entries = pace.First();
        Assert.InRange((long)entries * maximumRowBytes, 1, ReadPace.LargestBatchBytes);

        // Small rows say nothing about those that follow.
        for (var count = entries; count < Wanted; count += entries)
        {
            entries = pace.Next(count, count, count * 10L, Wanted);
            Assert.InRange((long)entries * maximumRowBytes, 1, ReadPace.LargestBatchBytes);
        }
    }

    [Fact]
    public void After_a_failure_one_entry_is_read_and_then_more_again()
    {
        var pace = new ReadPace(64);
        Assert.Equal(16, pace.First());

        pace.Failed();
        Assert.Equal((1, 1), (pace.First(), pace.Next(100, 100, 1_000, Wanted)));
        pace.Succeeded();
        Assert.Equal((2, 2), (pace.First(), pace.Next(100, 100, 1_000, Wanted)));
        for (var times = 0; times < 40; times++)
        {
            pace.Succeeded();
        }

        Assert.Equal(16, pace.First());
    }
}
