namespace HybridStore;

/// <summary>Fills the cache with what will be read first. Registered with <c>AddWarmup</c>, made anew for each run in a DI scope of its own.</summary>
/// <example><code>
/// public sealed class FrontPageWarmup(ProductRepository products) : ICacheWarmup
/// {
///     public Task WarmAsync(IHybridStore store, CancellationToken cancellationToken = default) =&gt;
///         products.WarmFrontPageAsync(store, cancellationToken);
/// }
/// </code></example>
public interface ICacheWarmup
{
    /// <summary>Warms, usually with <see cref="IHybridStore.WarmAsync"/>. What it throws is logged, and it is run again after a
    /// while.</summary>
    /// <param name="store">The store that the warm-up was added to.</param>
    /// <param name="cancellationToken">Cancelled when the application stops.</param>
    Task WarmAsync(IHybridStore store, CancellationToken cancellationToken = default);
}
