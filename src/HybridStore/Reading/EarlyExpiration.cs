namespace HybridStore.Reading;

/// <summary>
/// XFetch (Vattani, Chierichetti, Lowenstein: "Optimal Probabilistic Cache Stampede Prevention", VLDB 2015): a reader refreshes an
/// entry before it expires with a probability that grows towards the expiry, the earlier the longer the load takes.
/// </summary>
internal static class EarlyExpiration
{
    /// <summary>The paper's rule: refresh when now − δ·β·ln(u) ≥ expiry. (The often-copied <c>δ·β·random() &lt; ttl</c> is another
    /// rule, without its optimality.)</summary>
    /// <param name="now">Now.</param>
    /// <param name="expiry">When the entry expires, on the same clock and in the same unit.</param>
    /// <param name="delta">δ: how long the load took, in the same unit.</param>
    /// <param name="beta">β: above 1 refreshes earlier, below 1 later; 0 never.</param>
    /// <param name="uniform">u: uniform in (0, 1].</param>
    public static bool ShouldRefresh(double now, double expiry, double delta, double beta, double uniform) =>
        beta > 0 && now - (delta * beta * Math.Log(uniform)) >= expiry;

    /// <summary>How likely the rule is to say yes, over all u: ln(u) has to be at most (now − expiry) / δβ.</summary>
    public static double Chance(double now, double expiry, double delta, double beta) =>
        beta <= 0 ? 0 : now >= expiry ? 1 : delta <= 0 ? 0 : Math.Exp((now - expiry) / (delta * beta));

    /// <summary>Uniform in (0, 1]: the logarithm of 0 would refresh whatever the distance.</summary>
    public static double NextUniform() => 1 - Random.Shared.NextDouble();
}
