using HybridStore.Realtime;
using HybridStore.Realtime.Registration;
using HybridStore.Realtime.Snapshots;
using HybridStore.Realtime.UserStates;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers user state beside a store.</summary>
public static class HybridStoreUserStateBuilderExtensions
{
    /// <summary>Registers <see cref="IUserState"/>, under the store's key where it has one. With
    /// <see cref="HybridStoreSnapshotsBuilderExtensions.AddSnapshots"/> it outlasts its Redis.</summary>
    /// <param name="builder">The store's builder.</param>
    /// <param name="configure">Sets the options. Called again, it adds to what was said before.</param>
    public static IHybridStoreBuilder AddUserState(this IHybridStoreBuilder builder, Action<UserStateOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var key = RealtimeRegistration.AddRoot(builder).Key;
        RealtimeRegistration.Add<IUserState, UserStateService, UserStateOptions>(
            builder,
            configure,
            (root, options) => new UserStateService(root, options, RealtimeRegistration.Find<SnapshotService>(root.Services, key)));
        return builder;
    }
}
