using HybridStore.Servers;
using Microsoft.Extensions.DependencyInjection;

namespace HybridStore.Realtime.Tests.Snapshots;

/// <summary>Boards and user state with snapshots that are taken when a test says so.</summary>
internal static class SnapshotScene
{
    public static Task<RealtimeHost> StartAsync(
        TestServers servers,
        Action<SnapshotOptions>? configure = null,
        RealtimeHost? besides = null,
        string? redis = null,
        Action<LeaderboardOptions>? boards = null) => RealtimeHost.StartAsync(
            servers,
            builder => builder
                .AddSnapshots(options =>
                {
                    options.Interval = TimeSpan.FromDays(1);
                    configure?.Invoke(options);
                })
                .AddLeaderboards(boards)
                .AddUserState(),
            besides: besides,
            redis: redis);
}
