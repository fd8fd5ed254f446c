namespace HybridStore.Benchmarks.Figures.Expirations;

/// <summary>One key that is read at a steady rate (Poisson) while its entry expires again and again, on a clock of its own: how often it is
/// loaded, how early, and how many readers have to wait.</summary>
/// <param name="rate">Reads a second.</param>
/// <param name="loadTime">δ: how long a load takes, in seconds.</param>
/// <param name="seed">Draws the same again.</param>
internal sealed class ExpirySimulation(double rate, double loadTime, int seed)
{
    private readonly Random _random = new(seed);

    /// <summary>Whether a reader who finds an entry loads it again. Called with now, its expiry and a draw in (0, 1].</summary>
    public delegate bool EarlyRule(double now, double expiry, double uniform);

    /// <param name="rule">Who loads before the entry expires.</param>
    /// <param name="window">How long before the expiry the rule may say yes at all, in seconds: reads before that are left out.</param>
    /// <param name="withLease">Whether one load at a time runs, and others do not begin one.</param>
    /// <param name="expiries">How many entries live.</param>
    public Outcome Run(EarlyRule rule, double window, bool withLease, int expiries)
    {
        var (loads, blocked, early, earliness, squares) = (0L, 0L, 0L, 0.0, 0.0);
        for (var i = 0; i < expiries; i++)
        {
            // The entry expires at time 0.
            var (now, loadsOfThis) = (-window, 0);
            double? firstBegan = null;
            while (true)
            {
                now -= Math.Log(1 - _random.NextDouble()) / rate;
                if (firstBegan is { } began && now >= began + loadTime)
                {
                    break;
                }

                var hasExpired = now >= 0;
                if (!hasExpired && !rule(now, 0, 1 - _random.NextDouble()))
                {
                    continue;
                }

                blocked += hasExpired ? 1 : 0;
                if (withLease && firstBegan is not null)
                {
                    continue;
                }

                loadsOfThis++;
                if (firstBegan is null)
                {
                    firstBegan = now;
                    earliness += Math.Max(0, -now);
                    early += hasExpired ? 0 : 1;
                }
            }

            loads += loadsOfThis;
            squares += (double)loadsOfThis * loadsOfThis;
        }

        var mean = (double)loads / expiries;
        return new Outcome(
            mean,
            Math.Sqrt(Math.Max(0, (squares / expiries) - (mean * mean)) / expiries),
            earliness / expiries,
            (double)blocked / expiries,
            (double)early / expiries);
    }

    /// <summary>What came of it, for each expiry.</summary>
    /// <param name="Loads">Loads.</param>
    /// <param name="StandardError">How far off <paramref name="Loads"/> may be.</param>
    /// <param name="Earliness">How long before the expiry the first load began, in seconds.</param>
    /// <param name="Blocked">Readers who found nothing and had to load or wait.</param>
    /// <param name="Early">The share of the expiries that nobody noticed.</param>
    internal readonly record struct Outcome(double Loads, double StandardError, double Earliness, double Blocked, double Early);
}
