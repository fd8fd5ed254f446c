using HybridStore.Realtime;
using HybridStore.Realtime.Counters;
using HybridStore.Realtime.Registration;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers rolling counters.</summary>
public static class HybridStoreRollingCountersBuilderExtensions
{
    /// <summary>Registers <see cref="IRollingCounters"/> as a singleton, under the store's key where it has one. Called again, it adds
    /// counters.</summary>
    /// <param name="builder">The store's builder.</param>
    /// <param name="configure">Adds counters and sets options.</param>
    public static IHybridStoreBuilder AddRollingCounters(this IHybridStoreBuilder builder, Action<RollingCountersOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configure);
        RealtimeRegistration.Add<IRollingCounters, RollingCounters, RollingCountersOptions>(
            builder, configure, static (root, options) => new RollingCounters(root, options));
        return builder;
    }
}
