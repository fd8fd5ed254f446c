using HybridStore.Realtime;
using HybridStore.Realtime.Registration;
using HybridStore.Realtime.Sessions;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers sessions beside a store.</summary>
public static class HybridStoreSessionsBuilderExtensions
{
    /// <summary>Adds <see cref="ISessionStore"/>, under the store's key where it has one. Called again, it adds to the settings.</summary>
    /// <param name="builder">The store's builder.</param>
    /// <param name="configure">Sets the options.</param>
    public static IHybridStoreBuilder AddSessions(this IHybridStoreBuilder builder, Action<SessionStoreOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        RealtimeRegistration.Add<ISessionStore, SessionStore, SessionStoreOptions>(
            builder, configure, static (root, options) => new SessionStore(root, options));
        return builder;
    }
}
