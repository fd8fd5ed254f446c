using System.Globalization;
using Microsoft.Extensions.DependencyInjection;

namespace HybridStore.Realtime.Worker;

/// <summary>Asks for permits of one key, side by side. Arguments: the limit and how often it asks. It tells how many it got.</summary>
internal static class PermitWork
{
    public const string Policy = "work";
    public const string Key = "everybody";

    private const int Callers = 64;

    public static WorkerMode Mode { get; } = new(
        (builder, arguments) => Register(builder, int.Parse(arguments[0], CultureInfo.InvariantCulture)),
        async (scene, arguments) =>
            (await AskAsync(scene.Services.GetRequiredService<IRateLimits>(), int.Parse(arguments[1], CultureInfo.InvariantCulture)))
                .ToString(CultureInfo.InvariantCulture));

    public static void Register(IHybridStoreBuilder builder, int limit) =>
        builder.AddRateLimits(limits => limits.Add(Policy, RateLimit.FixedWindow(limit, TimeSpan.FromHours(1))));

    /// <summary>Returns how many permits it got.</summary>
    public static async Task<int> AskAsync(IRateLimits limits, int times)
    {
        var granted = 0;
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(async caller =>
        {
            for (var number = caller; number < times; number += Callers)
            {
                // A limiter of its own each time: all are asked of Redis.
                using var lease = await limits.For(Policy, Key).AcquireAsync();
                if (lease.IsAcquired)
                {
                    Interlocked.Increment(ref granted);
                }
            }
        }));
        return granted;
    }
}
