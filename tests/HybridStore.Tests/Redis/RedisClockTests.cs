using CsCheck;
using HybridStore.Redis;

namespace HybridStore.Tests.Redis;

public class RedisClockTests
{
    private readonly Stopwatch _local = new();

    [Fact]
    public void Before_Redis_has_answered_the_time_is_not_known() => Assert.False(new RedisClock(_local).IsKnown);

    [Fact]
    public void After_an_answer_the_time_is_Rediss_and_goes_on_with_the_monotonic_clock()
    {
        var clock = new RedisClock(_local);
        clock.Observe(1_700_000_000_000, _local.At(5000), _local.At(5000));

        Assert.True(clock.IsKnown);
        Assert.Equal(1_700_000_000_000, clock.Now);
        _local.At(6234);
        Assert.Equal(1_700_000_001_234, clock.Now);
    }

    [Fact]
    public void Redis_has_answered_in_the_middle_of_the_round_trip()
    {
        var clock = new RedisClock(_local);
        clock.Observe(1_000_000, _local.At(0), _local.At(100));

        Assert.Equal(1_000_050, clock.Now);
    }

    [Fact]
    public void A_slower_answer_that_does_not_contradict_changes_nothing()
    {
        var clock = new RedisClock(_local);
        clock.Observe(1_000_000, _local.At(0), _local.At(2));
        var offset = clock.Now - 2;

        clock.Observe(offset + 1000 + 150, _local.At(1000), _local.At(1200));

        Assert.Equal(offset + 1200, clock.Now);
    }

    [Fact]
    public void A_clock_that_was_set_is_followed_at_once_even_by_a_slow_answer()
    {
        var clock = new RedisClock(_local);
        clock.Observe(1_000_000, _local.At(0), _local.At(2));

        clock.Observe(5_000_000, _local.At(1000), _local.At(1200));
        Assert.Equal(5_000_100, clock.Now);

        clock.Observe(100, _local.At(2000), _local.At(2000));
        Assert.Equal(100, clock.Now);
    }

    [Fact]
    public void A_clock_that_drifts_is_followed()
    {
        var clock = new RedisClock(_local);

        // One part in a thousand too fast, for ten minutes, with round trips of 0 to 20 ms.
        for (var second = 0L; second < 600; second++)
        {
            var roundTrip = second * 7 % 21;
            var sent = second * 1000;
            clock.Observe((sent + (roundTrip / 2)) * 1001 / 1000, _local.At(sent), _local.At(sent + roundTrip));
            Assert.InRange(clock.Now - ((sent + roundTrip) * 1001 / 1000), -25, 25);
        }
    }

    [Fact]
    public void The_error_is_never_more_than_half_of_the_last_round_trip_and_of_the_best_one() =>
        Gen.Select(Gen.Long[0, 2_000_000_000_000], Gen.Select(Gen.Long[0, 300], Gen.Double[0, 1]).Array[1, 30]).Sample((offset, answers) =>
        {
            var local = new Stopwatch();
            var clock = new RedisClock(local);
            var at = 0L;
            foreach (var (roundTrip, share) in answers)
            {
                var answered = at + (long)(roundTrip * share);
                clock.Observe(offset + answered, local.At(at), local.At(at + roundTrip));
                at += 1000;
            }

            var best = answers.Min(answer => answer.Item1);
            var error = Math.Abs(clock.Now - offset - local.Milliseconds);
            Assert.InRange(error, 0, ((best + answers.Max(answer => answer.Item1)) / 2) + 2);
        });

    /// <summary>A monotonic clock; asking it for the time of day is an error.</summary>
    private sealed class Stopwatch : TimeProvider
    {
        public long Milliseconds { get; private set; }

        public override long TimestampFrequency => 1000;

        public override DateTimeOffset GetUtcNow() => throw new InvalidOperationException("The wall clock was asked.");

        public override long GetTimestamp() => Milliseconds;

        public long At(long milliseconds) => Milliseconds = milliseconds;
    }
}
