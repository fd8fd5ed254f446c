using HybridStore.Realtime;
using HybridStore.Realtime.RateLimiting;
using HybridStore.Realtime.Registration;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers rate limits.</summary>
public static class HybridStoreRateLimitsBuilderExtensions
{
    /// <summary>Registers <see cref="IRateLimits"/> as a singleton, under the store's key where it has one. Called again, it adds
    /// policies.</summary>
    /// <param name="builder">The store's builder.</param>
    /// <param name="configure">Adds policies and sets options. Without it there is <see cref="RateLimitsOptions.DefaultPolicy"/>.</param>
    public static IHybridStoreBuilder AddRateLimits(this IHybridStoreBuilder builder, Action<RateLimitsOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        RealtimeRegistration.Add<IRateLimits, RateLimits, RateLimitsOptions>(
            builder, configure, static (root, options) => new RateLimits(root, options));
        return builder;
    }
}
