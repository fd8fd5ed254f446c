using System.Globalization;
using Microsoft.Extensions.DependencyInjection;

namespace HybridStore.Realtime.Worker;

/// <summary>64 callers count up, each in a field of its own of one session. Arguments: the id of the session, how far.</summary>
internal static class SessionMergeWork
{
    public static WorkerMode Mode { get; } = new(static (builder, _) => builder.AddSessions(), RunAsync);

    private static async Task<string> RunAsync(WorkerScene scene, string[] arguments)
    {
        var store = scene.Services.GetRequiredService<ISessionStore>();
        var (id, count) = (arguments[0], int.Parse(arguments[1], CultureInfo.InvariantCulture));
        var merged = 0;
        await Task.WhenAll(Enumerable.Range(0, 64).Select(caller => Task.Run(async () =>
        {
            for (var number = 1; number <= count; number++)
            {
                if (await store.MergeAsync(id, new SessionChanges().SetJson($"worker{caller}", number)) is not null)
                {
                    Interlocked.Increment(ref merged);
                }
            }
        })));
        return merged.ToString(CultureInfo.InvariantCulture);
    }
}
