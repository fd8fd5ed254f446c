using CsCheck;
using HybridStore.Reading;

namespace HybridStore.Tests.Reading;

public class EarlyExpirationTests
{
    [Theory]
    [InlineData(1, 100, 1000, 1)]
    [InlineData(100, 100, 1000, 1)]
    [InlineData(500, 100, 1000, 1)]
    [InlineData(500, 500, 1000, 2)]
    [InlineData(200, 400, 1000, 0.5)]
    [InlineData(20_000, 2_000, 86_400_000, 5)]
    public void The_probability_of_a_refresh_is_the_papers(double left, double delta, double now, double beta)
    {
        const int Draws = 200_000;
        var random = new Random(42);
        var refreshes = 0;
        for (var i = 0; i < Draws; i++)
        {
            refreshes += EarlyExpiration.ShouldRefresh(now, now + left, delta, beta, 1 - random.NextDouble()) ? 1 : 0;
        }

        var expected = Math.Exp(-left / (beta * delta));
        var standardError = Math.Sqrt(expected * (1 - expected) / Draws);
        Assert.InRange((double)refreshes / Draws, expected - (5 * standardError), expected + (5 * standardError));
        Assert.Equal(expected, EarlyExpiration.Chance(now, now + left, delta, beta), tolerance: 1e-9);
    }

    [Fact]
    public void A_draw_refreshes_exactly_if_it_is_no_more_than_that_probability() =>
        Gen.Select(Gen.Double[0, 1e12], Gen.Double[0.001, 1e6], Gen.Double[0.001, 1e5], Gen.Double[0.01, 100], Gen.Double[1e-9, 1])
            .Sample((now, left, delta, beta, uniform) =>
            {
                var probability = Math.Exp(-((now + left) - now) / (beta * delta));

                // Next to the threshold rounding decides.
                return Math.Abs(probability - uniform) <= 1e-3
                    || EarlyExpiration.ShouldRefresh(now, now + left, delta, beta, uniform) == uniform < probability;
            });

    [Fact]
    public void What_has_expired_is_always_refreshed() =>
        Gen.Select(Gen.Double[0, 1e12], Gen.Double[0, 1e6], Gen.Double[0, 1e5], Gen.Double[0.01, 100], Gen.Double[1e-9, 1])
            .Sample((expiry, past, delta, beta, uniform) =>
                EarlyExpiration.ShouldRefresh(expiry + past, expiry, delta, beta, uniform));

    [Fact]
    public void Beta_zero_never_refreshes() =>
        Gen.Select(Gen.Double[0, 1e12], Gen.Double[-1e6, 1e6], Gen.Double[0, 1e5], Gen.Double[1e-9, 1])
            .Sample((now, left, delta, uniform) => !EarlyExpiration.ShouldRefresh(now, now + left, delta, beta: 0, uniform));

    [Fact]
    public void A_load_that_takes_no_time_is_not_refreshed_before_it_expires() =>
        Assert.False(EarlyExpiration.ShouldRefresh(now: 999, expiry: 1000, delta: 0, beta: 100, uniform: 1e-9));

    [Theory]
    [InlineData(999, 0, 1, 0)]
    [InlineData(1000, 0, 1, 1)]
    [InlineData(1001, 5, 1, 1)]
    [InlineData(1001, 5, 0, 0)]
    public void The_chance_of_a_refresh_is_defined_at_its_ends_too(double now, double delta, double beta, double chance) =>
        Assert.Equal(chance, EarlyExpiration.Chance(now, expiry: 1000, delta, beta));

    [Fact]
    public void Draws_are_above_zero_and_not_above_one()
    {
        for (var i = 0; i < 100_000; i++)
        {
            var draw = EarlyExpiration.NextUniform();
            Assert.True(draw is > 0 and <= 1);
        }
    }
}
