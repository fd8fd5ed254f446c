using HybridStore.Diagnostics.Health;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers the health checks of stores.</summary>
public static class HybridStoreHealthChecksBuilderExtensions
{
    private const string DefaultName = "hybridstore";

    /// <summary>Checks a store. PostgreSQL that does not answer is <paramref name="failureStatus"/>. Degraded, since the store goes on serving, are:
    /// Redis that was never reached or does not answer, an open circuit, a hit rate that has dropped, a Redis that may evict what tags need,
    /// invalidations that wait, a journal that is not applied, an outage that is not over for the cache, reads that are turned away, and values
    /// that the verifier (<see cref="HybridStore.HybridStoreOptions.VerifyRate"/>) found to differ. The data of the result holds the figures; it names no keys and no
    /// connection strings.</summary>
    /// <remarks>The check asks PostgreSQL and Redis one small question each; it may run at the same time as anything else.</remarks>
    /// <param name="builder">The application's health checks.</param>
    /// <param name="name">The name of the check. Default: <c>hybridstore</c>, and for a store with a key <c>hybridstore-</c> and the key.</param>
    /// <param name="storeKey">The key given to <c>AddKeyedHybridStore</c>. Default: <see langword="null"/>, the store without one. Where there is
    /// no such store, the check throws <see cref="InvalidOperationException"/>.</param>
    /// <param name="failureStatus">What a PostgreSQL that is down is reported as. Default: <see cref="HealthStatus.Unhealthy"/>.</param>
    /// <param name="tags">Tags to select checks by.</param>
    /// <param name="timeout">The longest that the check may take as a whole. Default: no limit but that of its parts,
    /// <see cref="HybridStore.HealthOptions.ProbeTimeout"/>.</param>
    /// <returns>The builder.</returns>
    public static IHealthChecksBuilder AddHybridStore(
        this IHealthChecksBuilder builder,
        string? name = null,
        object? storeKey = null,
        HealthStatus? failureStatus = null,
        IEnumerable<string>? tags = null,
        TimeSpan? timeout = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Add(new HealthCheckRegistration(
            name ?? (storeKey is null ? DefaultName : $"{DefaultName}-{storeKey}"),
            services => StoreHealthCheck.Of(services, storeKey),
            failureStatus,
            tags,
            timeout));
    }
}
