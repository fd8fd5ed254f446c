using System.Globalization;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.DependencyInjection;

namespace HybridStore.Realtime.Tests.Readme;

/// <summary>The README's rate limits and counters. A store is registered before.</summary>
internal static class RateLimitSnippets
{
    public static void Register(WebApplicationBuilder builder, IHybridStoreBuilder hybridStore)
    {
        // readme: rate_limits
        hybridStore.AddRateLimits(limits =>
        {
            limits.Add("search", RateLimit.FixedWindow(100, TimeSpan.FromSeconds(60)));
            limits.Add("login", RateLimit.SlidingWindow(5, TimeSpan.FromMinutes(15)));
            limits.WhenRedisIsDown = RateLimitFallback.LocalShare;
            limits.Instances = 4; // each lets a quarter through then
        });

        builder.Services.AddRateLimiter(limiter => limiter.RejectionStatusCode = StatusCodes.Status429TooManyRequests);
        builder.Services.AddOptions<RateLimiterOptions>().Configure<IRateLimits>((limiter, limits) =>
        {
            limiter.AddPolicy("search", request => limits.Partition("search", request.Connection.RemoteIpAddress?.ToString() ?? "nobody"));
            limiter.OnRejected = (rejected, _) =>
            {
                if (rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out var retryAfter))
                {
                    rejected.HttpContext.Response.Headers.RetryAfter =
                        Math.Ceiling(retryAfter.TotalSeconds).ToString(CultureInfo.InvariantCulture);
                }

                return ValueTask.CompletedTask;
            };
        });
        // readme: end
    }

    public static async Task<bool> AskAsync(IRateLimits limits, string user, CancellationToken cancellationToken)
    {
        // readme: rate_limit_by_hand
        using var lease = await limits.For("login", user).AcquireAsync(permitCount: 1, cancellationToken);
        // readme: end
        return lease.IsAcquired;
    }

    public static void Register(IHybridStoreBuilder hybridStore)
    {
        // readme: counters
        hybridStore.AddRollingCounters(counters => counters.Add("requests", counter =>
        {
            counter.Window = TimeSpan.FromMinutes(5);
            counter.Resolution = TimeSpan.FromSeconds(10);
        }));
        // readme: end
    }

    public static async Task<(IReadOnlyList<RollingCount> Top, long Total)> CountAsync(IRollingCounters counters)
    {
        // readme: counting
        var requests = counters.Get("requests");
        await requests.IncrementAsync("GET /products");

        var busiest = await requests.TopAsync(10);
        var lastMinute = await requests.TotalAsync(TimeSpan.FromMinutes(1));
        // readme: end
        return (busiest, lastMinute);
    }
}
