using HybridStore.Diagnostics;
using HybridStore.Diagnostics.Watching;

namespace HybridStore.Tests.Diagnostics;

public class ReadCountsTests
{
    [Fact]
    public async Task Nothing_is_lost_that_many_threads_count_at_once()
    {
        var counts = new ReadCounts();

        await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < 20_000; i++)
            {
                counts.Hit();
                if (i % 4 == 0)
                {
                    counts.Miss();
                }
            }
        })));

        Assert.Equal((320_000, 80_000), counts.Total);
    }

    [Fact]
    public void Only_reads_that_Redis_has_answered_count()
    {
        var metrics = new StoreMetrics(null, "test");
        metrics.Hit();
        metrics.Hit();
        metrics.Miss("absent");
        metrics.Miss(HybridStore.Serialization.DecodeOutcome.OtherType);
        foreach (var other in (string[])["redis_unavailable", "invalidation_pending", "not_cached"])
        {
            metrics.Read(other);
        }

        Assert.Equal((2, 2), metrics.Counts.Total);
    }
}
