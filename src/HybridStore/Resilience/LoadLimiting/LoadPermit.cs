using System.Threading.RateLimiting;

namespace HybridStore.Resilience.LoadLimiting;

/// <summary>A load's part of the limit, from its begin to its end. The default is that of a load inside another one, which is part of
/// that. To be disposed once.</summary>
internal readonly struct LoadPermit(LoadLimiter limiter, RateLimitLease permit) : IDisposable
{
    public void Dispose() => limiter?.Leave(permit);
}
