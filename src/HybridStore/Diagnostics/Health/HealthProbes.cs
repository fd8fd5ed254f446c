using HybridStore.Registration;

namespace HybridStore.Diagnostics.Health;

/// <summary>What is looked at of a store.</summary>
internal static class HealthProbes
{
    public static IReadOnlyList<IHealthProbe> Of(StoreRoot root)
    {
        List<IHealthProbe> probes = [new PostgresProbe(root.Postgres, root.TimeProvider), new LimiterProbe(root.Limiter)];
        if (root.Redis is { } redis)
        {
            probes.Add(new CircuitProbe(redis));
            probes.Add(new EvictionProbe(redis, root.ServerWatch));
        }

        if (root.ServerWatch is { } watch)
        {
            probes.Add(new HitRateProbe(watch));
        }

        if (root.Invalidations is { } invalidations)
        {
            probes.Add(new InvalidationProbe(invalidations));
        }

        if (root is { Redis: { } marked, MarkClock: { } clock, Options.Journal.Enabled: true })
        {
            probes.Add(new JournalProbe(marked, clock, JournalProbe.ThresholdOf(root.Options)));
        }

        if (root.Gate is { } gate)
        {
            probes.Add(new RecoveryProbe(gate));
        }

        if (root.Verifier is { } verifier)
        {
            probes.Add(new VerifierProbe(verifier.Metrics));
        }

        return probes;
    }
}
