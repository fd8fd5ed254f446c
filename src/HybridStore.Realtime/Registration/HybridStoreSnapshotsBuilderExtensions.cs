using HybridStore.Realtime;
using HybridStore.Realtime.Registration;
using HybridStore.Realtime.Snapshots;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers snapshots of what services beside a store keep.</summary>
public static class HybridStoreSnapshotsBuilderExtensions
{
    /// <summary>Has the leaderboards and the user state of this store kept in PostgreSQL too, and put back when Redis has lost them, and
    /// registers <see cref="ISnapshots"/>, under the store's key where it has one. All instances of an application have to say the
    /// same.</summary>
    /// <param name="builder">The store's builder.</param>
    /// <param name="configure">Sets the options. Called again, it adds to what was said before.</param>
    public static IHybridStoreBuilder AddSnapshots(this IHybridStoreBuilder builder, Action<SnapshotOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        RealtimeRegistration.Add<ISnapshots, SnapshotService, SnapshotOptions>(
            builder, configure, static (root, options) => new SnapshotService(root, options));
        return builder;
    }
}
