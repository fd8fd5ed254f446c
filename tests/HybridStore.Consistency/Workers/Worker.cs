using HybridStore.Consistency.History;
using HybridStore.Consistency.Keys;
using HybridStore.Consistency.Peers;

namespace HybridStore.Consistency.Workers;

/// <summary>One process of the soaked application: some sessions that read and write until standard input ends.</summary>
internal static class Worker
{
    public const string Verb = "worker";

    // Invalidations that still wait when all is over.
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(5);

    public static async Task<int> RunAsync(string planFile)
    {
        var plan = WorkerPlan.Load(planFile);
        using var stopping = new CancellationTokenSource();

        // Also when the run that has started it is gone.
        _ = Task.Run(() =>
        {
            while (Console.In.Read() >= 0)
            {
            }

            stopping.Cancel();
        });

        using var writer = new HistoryWriter(plan.HistoryFile);
        var log = new OperationLog(writer, plan.Process);
        var layout = new KeyLayout(plan.Keys, plan.Protocol == Protocol.HybridStore);
        if (plan.IsLast)
        {
            await using var last = await StoreApplication.StartAsync(plan, layout, log);
            await last.ReadAtEndAsync();
            return 0;
        }

        await using var application = plan.Protocol == Protocol.HybridStore
            ? await StoreApplication.StartAsync(plan, layout, log)
            : await PeerApplication.StartAsync(plan, layout, log);
        var sessions = Enumerable.Range(0, plan.Sessions)
            .Select(session => Task.Run(() => new Session(application, log, SessionSeed(plan, session)).RunAsync(stopping.Token)));
        await Task.WhenAll(sessions);
        await log.SettleAsync(Settling);
        return 0;
    }

    private static int SessionSeed(WorkerPlan plan, int session) => unchecked(
        (int)((uint)plan.Seed * 2_654_435_761U) ^ (plan.Slot * 1_000_003) ^ (plan.Life * 7_919) ^ (session * 104_729));
}
