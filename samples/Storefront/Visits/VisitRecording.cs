using System.Globalization;
using HybridStore.Realtime;
using Npgsql;

namespace Storefront.Visits;

/// <summary>Counts each request by its route, and records each look at a product.</summary>
internal sealed partial class VisitRecording(
    RequestDelegate next, IRollingCounters counters, IWriteBuffer<PageView> views, ILogger<VisitRecording> logger)
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
                await RecordAsync(int.Parse((string)context.GetRouteValue("id")!, CultureInfo.InvariantCulture));
            }
        }
    }

    /// <summary>The visitor has the page already: what cannot be recorded is told to the operator.</summary>
    private async Task RecordAsync(int productId)
    {
        try
        {
            await views.AppendAsync(new PageView(productId, DateTimeOffset.UtcNow));
        }
        catch (Exception error) when (error is WriteBufferException or NpgsqlException)
        {
            LogNotRecorded(logger, error);
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "A look at a product was not recorded.")]
    private static partial void LogNotRecorded(ILogger logger, Exception error);
}
