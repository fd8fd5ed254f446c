using CsCheck;
using HybridStore.Diagnostics.Watching;

namespace HybridStore.Tests.Diagnostics;

public class HitRateBaselineTests
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan HalfLife = TimeSpan.FromMinutes(10);

    private readonly HitRateBaseline _baseline = new(drop: 0.1, HalfLife, leastReads: 100);

    private static Gen<(long Hits, long Misses)[]> Intervals =>
        Gen.Select(Gen.Long[0, 100_000], Gen.Long[0, 100_000]).Array[1, 200];

    [Fact]
    public void A_drop_of_more_than_it_may_is_told_once_when_it_begins_and_once_when_it_ends()
    {
        Pass(HalfLife, rate: 0.9);

        Assert.Equal(HitRateChange.Dropped, Observe(0.8));
        Assert.True(_baseline.IsDropped);
        Assert.Equal(HitRateChange.None, Observe(0.7));
        Assert.Equal(HitRateChange.Recovered, Observe(0.9));
        Assert.False(_baseline.IsDropped);
        Assert.Equal(HitRateChange.None, Observe(0.9));
    }

    [Theory]
    [InlineData(0.82, false)]
    [InlineData(0.8, true)]
    public void The_drop_is_relative_to_the_baseline(double rate, bool isTold)
    {
        Pass(HalfLife, rate: 0.9);

        Assert.Equal(isTold, Observe(rate) == HitRateChange.Dropped);
    }

    [Fact]
    public void An_alarm_ends_only_at_half_the_drop()
    {
        Pass(HalfLife, rate: 0.9);
        Observe(0.7);

        Assert.Equal(HitRateChange.None, Observe(0.84));
        Assert.Equal(HitRateChange.Recovered, Observe(0.87));
    }

    [Fact]
    public void Nothing_is_told_before_a_half_life_was_observed()
    {
        Pass(HalfLife - Interval, rate: 0.9);

        Assert.Equal(HitRateChange.None, Observe(0.1));
    }

    [Fact]
    public void A_cold_start_is_no_drop_and_does_not_spoil_the_baseline_for_long()
    {
        for (var rate = 0.0; rate < 0.9; rate += 0.01)
        {
            Assert.Equal(HitRateChange.None, Observe(rate));
        }

        Pass(HalfLife * 4, rate: 0.9);
        Assert.InRange(_baseline.Baseline!.Value, 0.86, 0.9);
    }

    [Fact]
    public void Before_there_is_much_all_intervals_count_alike()
    {
        Observe(1);
        Observe(0.8);
        Observe(0.6);

        Assert.Equal(0.8, _baseline.Baseline!.Value, 0.01);
    }

    [Fact]
    public void After_a_half_life_what_was_before_counts_half()
    {
        Pass(HalfLife * 20, rate: 0.8);

        Pass(HalfLife, rate: 1);

        Assert.Equal(0.9, _baseline.Baseline!.Value, 0.001);
    }

    [Theory]
    [InlineData(0.72, 120)]
    [InlineData(0.45, 240)]
    public void A_rate_that_stays_low_is_reported_for_long_and_becomes_usual_some_time(double rate, int atLeastMinutes)
    {
        Pass(HalfLife * 10, rate: 0.9);
        Assert.Equal(HitRateChange.Dropped, Observe(rate));

        var lasted = TimeSpan.Zero;
        while (Observe(rate) != HitRateChange.Recovered)
        {
            lasted += Interval;
            Assert.True(lasted < TimeSpan.FromHours(12), "The alarm has not ended by itself.");
        }

        Assert.True(lasted >= TimeSpan.FromMinutes(atLeastMinutes), $"It was over after {lasted}.");
    }

    [Fact]
    public void Intervals_with_few_reads_say_nothing()
    {
        Pass(HalfLife, rate: 0.9);
        var before = _baseline.Baseline;

        Assert.Equal(HitRateChange.None, _baseline.Observe(0, 99, Interval));
        Assert.Null(_baseline.Rate);
        Assert.Equal(before, _baseline.Baseline);

        Assert.Equal(HitRateChange.Dropped, _baseline.Observe(0, 100, Interval));
        Assert.Equal(HitRateChange.None, _baseline.Observe(99, 0, Interval));
        Assert.True(_baseline.IsDropped);
    }

    [Fact]
    public void What_few_reads_miss_by_chance_is_no_drop()
    {
        Pass(HalfLife, rate: 0.5);

        Assert.Equal(HitRateChange.None, _baseline.Observe(40, 60, Interval));
        Assert.Equal(HitRateChange.Dropped, _baseline.Observe(4_000, 6_000, Interval));
    }

    [Fact]
    public void The_baseline_stays_between_the_rates_that_were_observed() => Intervals.Sample(intervals =>
    {
        var baseline = new HitRateBaseline(0.1, HalfLife, leastReads: 1);
        var rates = new List<double>();
        foreach (var (hits, misses) in intervals)
        {
            baseline.Observe(hits, misses, Interval);
            if (baseline.Rate is { } rate)
            {
                rates.Add(rate);
                Assert.InRange(baseline.Baseline!.Value, rates.Min() - 1e-9, rates.Max() + 1e-9);
            }
        }

        Assert.Equal(rates.Count == 0, baseline.Baseline is null);
    });

    [Fact]
    public void Begin_and_end_are_told_by_turns_and_agree_with_the_state() => Intervals.Sample(intervals =>
    {
        var baseline = new HitRateBaseline(0.1, TimeSpan.FromMinutes(1), leastReads: 100);
        var isDropped = false;
        foreach (var (hits, misses) in intervals)
        {
            switch (baseline.Observe(hits, misses, Interval))
            {
                case HitRateChange.Dropped:
                    Assert.False(isDropped);
                    isDropped = true;
                    break;
                case HitRateChange.Recovered:
                    Assert.True(isDropped);
                    isDropped = false;
                    break;
            }

            Assert.Equal(isDropped, baseline.IsDropped);
        }
    });

    [Fact]
    public void A_rate_that_never_falls_is_never_told() => Gen.Int[0, 10_000].Array[1, 200].Sample(rates =>
    {
        var baseline = new HitRateBaseline(0.01, TimeSpan.FromMinutes(1), leastReads: 1);
        foreach (var hits in rates.Order())
        {
            Assert.Equal(HitRateChange.None, baseline.Observe(hits, 10_000 - hits, Interval));
        }
    });

    private HitRateChange Observe(double rate)
    {
        var hits = (long)Math.Round(rate * 100_000);
        return _baseline.Observe(hits, 100_000 - hits, Interval);
    }

    private void Pass(TimeSpan time, double rate)
    {
        for (var passed = TimeSpan.Zero; passed < time; passed += Interval)
        {
            Observe(rate);
        }
    }
}
