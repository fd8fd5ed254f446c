using HybridStore.Realtime;
using HybridStore.Realtime.Registration;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers what the services beside the cache have in common.</summary>
public static class HybridStoreRealtimeBuilderExtensions
{
    /// <summary>Says what the services of this store keep in PostgreSQL, and who installs its tables.</summary>
    /// <param name="builder">The store's builder.</param>
    /// <param name="configure">Sets the options.</param>
    public static IHybridStoreBuilder ConfigureRealtime(this IHybridStoreBuilder builder, Action<RealtimeOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configure);
        builder.Services.Configure(RealtimeRegistration.AddRoot(builder).OptionsName, configure);
        return builder;
    }
}
