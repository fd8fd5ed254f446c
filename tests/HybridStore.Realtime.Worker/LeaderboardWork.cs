using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;

namespace HybridStore.Realtime.Worker;

/// <summary>Many callers that add to the scores of one board. Arguments: whether snapshots are taken, callers, additions of each.</summary>
internal static class LeaderboardWork
{
    public const string Board = "shared";

    public static IReadOnlyList<string> Members { get; } = [.. Enumerable.Range(0, 20).Select(number => $"m{number}")];

    public static WorkerMode Mode { get; } = new(
        static (builder, arguments) => Register(builder, bool.Parse(arguments[0])),
        static async (scene, arguments) =>
        {
            var sums = await AddAsync(
                scene.Services.GetRequiredService<ILeaderboards>().Get(Board),
                int.Parse(arguments[1], CultureInfo.InvariantCulture),
                int.Parse(arguments[2], CultureInfo.InvariantCulture));
            return string.Join(',', Members.Select(member => sums[member].ToString(CultureInfo.InvariantCulture)));
        });

    public static void Register(IHybridStoreBuilder builder, bool snapshots)
    {
        builder.AddLeaderboards();
        if (snapshots)
        {
            builder.AddSnapshots(options => options.Interval = TimeSpan.FromMilliseconds(200));
        }
    }

    /// <summary>Adds whole numbers, and returns what was added to each member.</summary>
    public static async Task<IReadOnlyDictionary<string, double>> AddAsync(ILeaderboard board, int callers, int additions)
    {
        var sums = new ConcurrentDictionary<string, double>(Members.ToDictionary(member => member, _ => 0.0), StringComparer.Ordinal);
        await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(async () =>
        {
            for (var number = 0; number < additions; number++)
            {
                var (member, delta) = (Members[(caller + (7 * number)) % Members.Count], 1 + (number % 3));
                await board.AddAsync(member, delta);
                sums.AddOrUpdate(member, delta, (_, sum) => sum + delta);
            }
        })));
        return sums;
    }

    public static IReadOnlyDictionary<string, double> Read(string result) => result.Split(',')
        .Select((sum, index) => (Member: Members[index], Sum: double.Parse(sum, CultureInfo.InvariantCulture)))
        .ToDictionary(entry => entry.Member, entry => entry.Sum, StringComparer.Ordinal);
}
