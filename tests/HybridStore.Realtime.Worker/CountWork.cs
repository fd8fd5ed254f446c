using System.Globalization;
using Microsoft.Extensions.DependencyInjection;

namespace HybridStore.Realtime.Worker;

/// <summary>Counts side by side. Argument: how often. It tells how often that was confirmed.</summary>
internal static class CountWork
{
    public const string Counter = "work";
    public const int Members = 7;

    private const int Callers = 64;

    public static WorkerMode Mode { get; } = new(
        (builder, _) => Register(builder),
        async (scene, arguments) => (await CountAsync(
            scene.Services.GetRequiredService<IRollingCounters>().Get(Counter),
            int.Parse(arguments[0], CultureInfo.InvariantCulture))).ToString(CultureInfo.InvariantCulture));

    public static void Register(IHybridStoreBuilder builder) => builder.AddRollingCounters(counters => counters.Add(Counter));

    /// <summary>Counts each member in turn, and returns how often it was confirmed.</summary>
    public static async Task<int> CountAsync(IRollingCounter counter, int times)
    {
        var confirmed = 0;
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(async caller =>
        {
            for (var number = caller; number < times; number += Callers)
            {
                if (await counter.IncrementAsync($"member {number % Members}"))
                {
                    Interlocked.Increment(ref confirmed);
                }
            }
        }));
        return confirmed;
    }
}
