namespace HybridStore.Realtime.Worker;

/// <summary>What a worker can do, by name.</summary>
internal static class WorkerModes
{
    private static readonly Dictionary<string, WorkerMode> All = new(StringComparer.Ordinal)
    {
        ["counts"] = CountWork.Mode,
        ["permits"] = PermitWork.Mode,
        [BufferWork.Name] = BufferWork.Mode,
        ["leaderboard"] = LeaderboardWork.Mode,
        ["session-merge"] = SessionMergeWork.Mode,
    };

    public static IEnumerable<string> Names => All.Keys;

    public static WorkerMode? FindMode(string name) => All.GetValueOrDefault(name);

    public static Func<WorkerScene, string[], Task<string>>? Find(string name) => FindMode(name)?.RunAsync;
}
