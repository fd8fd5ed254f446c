using HybridStore.Realtime;

namespace Storefront.Visits;

internal static class VisitEndpoints
{
    public static void MapVisits(this IEndpointRouteBuilder routes) => routes.MapGet("/live/requests", async (IRollingCounters counters) =>
        await counters.Get(VisitRecording.Requests).TopAsync(10));
}
