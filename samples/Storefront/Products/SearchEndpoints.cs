using System.Globalization;
using System.Threading.RateLimiting;
using HybridStore.Realtime;
using Microsoft.AspNetCore.RateLimiting;

namespace Storefront.Products;

internal static class SearchEndpoints
{
    /// <summary>The rate limit of searches: they go to PostgreSQL each time.</summary>
    public const string Limit = "search";

    public static void MapSearch(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/search", (string text, ProductRepository products, CancellationToken token) => products.SearchAsync(text, token))
            .RequireRateLimiting(Limit);
        routes.MapGet("/bestsellers", (BestsellerBoard board, CancellationToken token) => board.TopAsync(10, token));
    }

    /// <summary>Each address has a limit of its own, and is told when to come back.</summary>
    public static void Configure(RateLimiterOptions limiter, IRateLimits limits)
    {
        limiter.AddPolicy(Limit, request => limits.Partition(Limit, request.Connection.RemoteIpAddress?.ToString() ?? "nobody"));
        limiter.OnRejected = (rejected, _) =>
        {
            if (rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out var retryAfter))
            {
                rejected.HttpContext.Response.Headers.RetryAfter =
                    Math.Ceiling(retryAfter.TotalSeconds).ToString(CultureInfo.InvariantCulture);
            }

            return ValueTask.CompletedTask;
        };
    }
}
