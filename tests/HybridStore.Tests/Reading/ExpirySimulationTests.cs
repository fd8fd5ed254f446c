using HybridStore.Benchmarks.Figures.Expirations;
using HybridStore.Reading;

namespace HybridStore.Tests.Reading;

/// <summary>The rule of early expiration under steady reads, against what the paper proves of it.</summary>
public sealed class ExpirySimulationTests
{
    private const double LoadTime = 0.1;
    private const int Expiries = 2000;

    [Theory]
    [InlineData(0.5, 5_000)]
    [InlineData(1, 1_000)]
    [InlineData(1, 5_000)]
    [InlineData(2, 1_000)]
    public void Without_a_lease_there_are_e_to_the_one_by_beta_loads_whatever_the_rate(double beta, double rate)
    {
        var outcome = Run(beta, rate, withLease: false);

        var expected = Math.Exp(1 / beta);
        Assert.InRange(outcome.Loads, expected - (5 * outcome.StandardError), expected + (5 * outcome.StandardError));
        Assert.InRange(outcome.Early, 0.999, 1);
    }

    [Theory]
    [InlineData(0.5, 5_000)]
    [InlineData(1, 1_000)]
    [InlineData(2, 1_000)]
    public void With_the_lease_there_is_one_load_and_nobody_waits(double beta, double rate)
    {
        var outcome = Run(beta, rate, withLease: true);

        Assert.Equal(1, outcome.Loads);
        Assert.InRange(outcome.Blocked, 0, 0.05);
    }

    [Theory]
    [InlineData(0.5, 5_000)]
    [InlineData(1, 1_000)]
    [InlineData(2, 1_000)]
    public void Loads_begin_as_early_as_the_paper_says(double beta, double rate)
    {
        var outcome = Run(beta, rate, withLease: true);

        // The time left is a Gumbel variable of scale βδ: its deviation is π/√6 of that.
        var expected = beta * LoadTime * (Math.Log(rate * beta * LoadTime) + 0.5772);
        var error = beta * LoadTime * Math.PI / Math.Sqrt(6 * Expiries);
        Assert.InRange(outcome.Earliness, expected - (5 * error), expected + (5 * error));
    }

    [Fact]
    public void Without_protection_all_who_come_during_the_load_load_as_well()
    {
        var outcome = new ExpirySimulation(2_000, LoadTime, seed: 7).Run(static (_, _, _) => false, window: 0, withLease: false, expiries: 200);

        Assert.InRange(outcome.Loads, 180, 222);
        Assert.Equal(outcome.Loads, outcome.Blocked);
    }

    private static ExpirySimulation.Outcome Run(double beta, double rate, bool withLease) =>
        new ExpirySimulation(rate, LoadTime, seed: 42).Run(
            (now, expiry, uniform) => EarlyExpiration.ShouldRefresh(now, expiry, LoadTime, beta, uniform),
            window: beta * LoadTime * (Math.Log(rate * beta * LoadTime) + 12),
            withLease,
            Expiries);
}
