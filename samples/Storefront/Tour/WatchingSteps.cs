using System.Diagnostics;
using Storefront.Users;

namespace Storefront.Tour;

internal static class WatchingSteps
{
    public static async Task ChangedInPsqlAsync(TourContext tour)
    {
        const int Id = 401;
        const string Path = "/users/401";
        tour.Terminal.Step("Somebody corrects a name in psql, past the shop");
        var before = (await tour.Shop.GetAsync(Path, tour.CancellationToken)).Read<User>();
        var cached = await Poll.UntilAsync(
            async () =>
            {
                var hits = tour.Meter.Hits;
                await tour.Shop.GetAsync(Path, tour.CancellationToken);
                return tour.Meter.Hits > hits;
            },
            TourContext.Patience,
            tour.CancellationToken);
        await tour.Servers.RunPastTheShopAsync($"update app_user set name = name || ' the Second' where id = {Id}", tour.CancellationToken);
        var changedAt = Stopwatch.GetTimestamp();
        var seen = await Poll.UntilAsync(
            async () => (await tour.Shop.GetAsync(Path, tour.CancellationToken)).Read<User>().Name == $"{before.Name} the Second",
            TourContext.Patience,
            tour.CancellationToken);
        tour.Terminal.Say($"update app_user ... where id = {Id}; the shop shows it {Latency.Text(Stopwatch.GetElapsedTime(changedAt))} later");
        tour.Terminal.Claim(
            cached && seen,
            "PostgreSQL tells the cache: a trigger on the watched table, a journal, a listener",
            $"{(cached ? "cached" : "not cached")}, {(seen ? "seen" : "not seen")}");
    }
}
