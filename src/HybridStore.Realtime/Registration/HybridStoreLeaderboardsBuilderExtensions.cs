using HybridStore.Realtime;
using HybridStore.Realtime.Leaderboards;
using HybridStore.Realtime.Registration;
using HybridStore.Realtime.Snapshots;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers leaderboards beside a store.</summary>
public static class HybridStoreLeaderboardsBuilderExtensions
{
    /// <summary>Registers <see cref="ILeaderboards"/>, under the store's key where it has one. With
    /// <see cref="HybridStoreSnapshotsBuilderExtensions.AddSnapshots"/> boards outlast their Redis.</summary>
    /// <param name="builder">The store's builder.</param>
    /// <param name="configure">Sets the options. Called again, it adds to what was said before.</param>
    public static IHybridStoreBuilder AddLeaderboards(this IHybridStoreBuilder builder, Action<LeaderboardOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var key = RealtimeRegistration.AddRoot(builder).Key;
        RealtimeRegistration.Add<ILeaderboards, LeaderboardService, LeaderboardOptions>(
            builder,
            configure,
            (root, options) => new LeaderboardService(root, options, RealtimeRegistration.Find<SnapshotService>(root.Services, key)));
        return builder;
    }
}
