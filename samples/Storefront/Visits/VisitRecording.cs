using HybridStore.Realtime;

namespace Storefront.Visits;

/// <summary>Counts each request by its route, and records each look at a product.</summary>
internal sealed class VisitRecording(RequestDelegate next, IRollingCounters counters, IWriteBuffer<PageView> views)
{
    /// <summary>The counter of requests.</summary>
    public const string Requests = "requests";

    private const string ProductPage = "/products/{id:int}";

    private readonly IRollingCounter _requests = counters.Get(Requests);

    public async Task InvokeAsync(HttpContext context)
    {
        await next(context);
        if (context.GetEndpoint() is RouteEndpoint { RoutePattern.RawText: { } route })
        {
            // Whether it could be counted does not matter to the visitor.
            await _requests.IncrementAsync($"{context.Request.Method} {route}");
            if (route == ProductPage && HttpMethods.IsGet(context.Request.Method) && context.Response.StatusCode == StatusCodes.Status200OK)
            {
                var id = int.Parse((string)context.GetRouteValue("id")!, System.Globalization.CultureInfo.InvariantCulture);
                await views.AppendAsync(new PageView(id, DateTimeOffset.UtcNow));
            }
        }
    }
}
