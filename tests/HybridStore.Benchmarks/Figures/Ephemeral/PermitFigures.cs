using HybridStore.Realtime;
using HybridStore.Servers;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace HybridStore.Benchmarks.Figures.Ephemeral;

/// <summary>What a permit costs, granted by Redis. Raw: INCRBY and PEXPIRE NX, sent together.</summary>
internal static class PermitFigures
{
    private const int Calls = 40_000;
    private const int Keys = 1000;
    private const int Limit = 1_000_000_000;

    public static async Task WriteAsync(TestServers servers, FigureWriter figures, int rounds)
    {
        var day = TimeSpan.FromDays(1);
        await using var scene = await EphemeralScene.StartAsync(servers, figures, rounds, builder => builder.AddRateLimits(limits =>
        {
            limits.Add("fixed", RateLimit.FixedWindow(Limit, day));
            limits.Add("sliding", RateLimit.SlidingWindow(Limit, day));
            limits.Add("bucket", RateLimit.TokenBucket(Limit, Limit, day));
        }));
        var limits = scene.Services.GetRequiredService<IRateLimits>();
        RedisKey[] names = [.. Enumerable.Range(0, Keys).Select(number => (RedisKey)$"raw:{{{number}}}")];
        string[] keys = [.. Enumerable.Range(0, Keys).Select(number => $"{number}")];
        var turns = await scene.CompareAsync(
            Calls,
            ("fixed", (_, number) => AcquireAsync(limits, "fixed", keys[number % Keys])),
            ("sliding", (_, number) => AcquireAsync(limits, "sliding", keys[number % Keys])),
            ("bucket", (_, number) => AcquireAsync(limits, "bucket", keys[number % Keys])),
            ("raw", async (_, number) =>
            {
                var counted = scene.Raw.StringIncrementAsync(names[number % Keys]);
                var ends = scene.Raw.KeyExpireAsync(names[number % Keys], day, ExpireWhen.HasNoExpiry);
                await counted;
                await ends;
            }
        ));
        figures.Figure("permit.ratio_raw", Rounds.Ratio(turns["fixed"], turns["raw"]), "ratio");
        figures.Figure("permit.sliding.ratio_raw", Rounds.Ratio(turns["sliding"], turns["raw"]), "ratio");
        figures.Figure("permit.bucket.ratio_raw", Rounds.Ratio(turns["bucket"], turns["raw"]), "ratio");
        figures.Figure("permit.per_s", 1_000_000 / Median.Of(turns["fixed"].Select(turn => turn.Microseconds)), "1/s");
    }

    private static async Task AcquireAsync(IRateLimits limits, string policy, string key)
    {
        using var lease = await limits.For(policy, key).AcquireAsync();
        if (!lease.IsAcquired)
        {
            throw new InvalidOperationException("A permit was refused; only granted ones are measured.");
        }
    }
}
