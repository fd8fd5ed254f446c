using System.Globalization;
using HybridStore.Benchmarks.Figures.Expirations;
using HybridStore.Reading;
using HybridStore.Servers;

namespace HybridStore.Benchmarks.Figures;

/// <summary>What becomes of a hot key when its entry expires: XFetch as the paper has it, with and without the lease, beside no protection
/// and a fixed early expiry (simulated), and in the store itself.</summary>
internal static class ExpirationFigures
{
    private const double LoadTime = 0.1;
    private const int Seed = 20150831;

    public static async Task RunAsync(string[] arguments, TextWriter output)
    {
        var options = FigureOptions.Parse(arguments, ("--expiries", 10, 10_000), ("--simulated", 20_000, 10_000_000), ("--rate", 2000, 1_000_000));
        var (simulated, rate) = (options["--simulated"], (double)options["--rate"]);
        var figures = new FigureWriter(output);
        figures.Remark(string.Create(
            CultureInfo.InvariantCulture, $"simulated: {rate} reads a second, loads of {LoadTime * 1000} ms, {simulated} expiries; a load for each expiry, readers who wait for one"));
        Write(figures, "none", static (_, _, _) => false, window: 0, withLease: false, rate, simulated / 20);
        Write(figures, "none.lease", static (_, _, _) => false, window: 0, withLease: true, rate, simulated / 20);
        Write(figures, "fixed", static (now, expiry, _) => now >= expiry - (2 * LoadTime), 2 * LoadTime, withLease: false, rate, simulated / 20);
        foreach (var beta in new[] { 0.5, 1, 2 })
        {
            var window = WindowOf(rate, beta);
            ExpirySimulation.EarlyRule rule = (now, expiry, uniform) => EarlyExpiration.ShouldRefresh(now, expiry, LoadTime, beta, uniform);
            var name = string.Create(CultureInfo.InvariantCulture, $"beta_{beta}");
            Write(figures, name, rule, window, withLease: false, rate, simulated);
            Write(figures, $"{name}.lease", rule, window, withLease: true, rate, simulated);
            figures.Figure($"xfetch.{name}.theory.loads_per_expiry", Math.Exp(1 / beta), "loads");
            figures.Figure($"xfetch.{name}.theory.earliness_ms", 1000 * beta * LoadTime * (Math.Log(rate * beta * LoadTime) + 0.5772), "ms");
        }

        await using var servers = await TestServers.StartAsync();
        await MachineDescription.WriteAsync(figures, servers);
        await HotKey.WriteAsync(figures, servers, options["--expiries"]);
    }

    /// <summary>Before that the rule says yes less than once in a hundred thousand expiries.</summary>
    internal static double WindowOf(double rate, double beta) => beta * LoadTime * (Math.Log(rate * beta * LoadTime) + 12);

    private static void Write(
        FigureWriter figures, string name, ExpirySimulation.EarlyRule rule, double window, bool withLease, double rate, int expiries)
    {
        var outcome = new ExpirySimulation(rate, LoadTime, Seed).Run(rule, window, withLease, Math.Max(1, expiries));
        figures.Figure($"xfetch.{name}.loads_per_expiry", outcome.Loads, "loads");
        figures.Figure($"xfetch.{name}.blocked_per_expiry", outcome.Blocked, "reads");
        figures.Figure($"xfetch.{name}.earliness_ms", outcome.Earliness * 1000, "ms");
    }
}
