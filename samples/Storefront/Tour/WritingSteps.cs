using System.Net;
using Storefront.Orders;
using Storefront.Products;
using Storefront.Users;

namespace Storefront.Tour;

internal static class WritingSteps
{
    public static async Task PricesAsync(TourContext tour)
    {
        const int Changes = 25;
        tour.Terminal.Step("A price changes, and the next read shows it");
        var (writes, reads, fresh) = (new List<TimeSpan>(), new List<TimeSpan>(), 0);
        for (var product = 201; product < 201 + Changes; product++)
        {
            await tour.IsCachedAsync(product);
            var price = await tour.Shop.PriceAsync(product, tour.CancellationToken) + 1;
            writes.Add((await tour.Shop.ChangePriceAsync(product, price!.Value, tour.CancellationToken)).Time);
            var page = await tour.Shop.PageAsync(product, tour.CancellationToken);
            reads.Add(page.Time);
            fresh += page.Read<ProductPage>().Price == price ? 1 : 0;
        }

        tour.Terminal.Say(
            $"write, commit and invalidate: {Latency.MedianText(writes)}; the read after it: {Latency.MedianText(reads)}");
        tour.Terminal.Claim(
            fresh == Changes,
            $"{Changes} cached prices changed: each next read shows the new one",
            $"{fresh} of {Changes} were new");
    }

    public static async Task UnknownProductAsync(TourContext tour)
    {
        const string Path = "/products/by-slug/moon-lamp";
        tour.Terminal.Step("A product that does not exist, until it does");
        var before = await tour.Shop.GetAsync(Path, tour.CancellationToken);
        var remembered = await Poll.UntilAsync(
            async () =>
            {
                var hits = tour.Meter.Hits;
                await tour.Shop.GetAsync(Path, tour.CancellationToken);
                return tour.Meter.Hits > hits;
            },
            TourContext.Patience,
            tour.CancellationToken);
        var added = await tour.Shop.PostAsync(
            "/products", new NewProduct("moon-lamp", "Moon lamp", "lamp", "Shines at night.", 59, 3), tour.CancellationToken);
        var after = await tour.Shop.GetAsync(Path, tour.CancellationToken);
        tour.Terminal.Claim(
            before.Status == HttpStatusCode.NotFound && remembered,
            "\"there is none\" is cached too, so that robots do not reach PostgreSQL",
            $"{before.Status}, then {(remembered ? "a hit" : "no hit")}");
        tour.Terminal.Claim(
            added.Status == HttpStatusCode.Created && after.Status == HttpStatusCode.OK,
            "once added, it is found at once",
            $"{added.Status}, then {after.Status}");
    }

    public static async Task AccountDeletedAsync(TourContext tour)
    {
        tour.Terminal.Step("An account is deleted, and all that hangs on its tag");
        int[] users = [.. Enumerable.Range(241, 40)];
        int[] neighbours = [.. Enumerable.Range(281, 40)];
        for (var round = 0; round < 2; round++)
        {
            await tour.Shop.GetAsync("/organisations/7", tour.CancellationToken);
            await tour.Shop.GetAsync("/organisations/7/users", tour.CancellationToken);
            await VisitAsync(tour, users);
            await VisitAsync(tour, users, "/orders");
            await VisitAsync(tour, neighbours);
        }

        var cached = await VisitAsync(tour, users);
        tour.Terminal.Say("one tag is on organisation 7, its 40 users, their list and their orders;");
        tour.Terminal.Say($"{cached.Hits} of 40 users are read from Redis");

        var deleted = await tour.Shop.DeleteAsync("/organisations/7", tour.CancellationToken);
        var gone = await VisitAsync(tour, users);
        var organisation = await tour.Shop.GetAsync("/organisations/7", tour.CancellationToken);
        var list = (await tour.Shop.GetAsync("/organisations/7/users", tour.CancellationToken)).Read<List<User>>();
        var orders = 0;
        foreach (var user in users)
        {
            var answer = await tour.Shop.GetAsync($"/users/{user}/orders", tour.CancellationToken);
            orders += answer.Read<List<Order>>().Count;
        }

        tour.Terminal.Say($"DELETE /organisations/7 took {Latency.Text(deleted.Time)}");
        tour.Terminal.Claim(
            gone.Found == 0 && organisation.Status == HttpStatusCode.NotFound && list.Count == 0 && orders == 0,
            "nothing of it is read any more: not the account, its users, their list or their orders",
            $"{gone.Found} users, account {organisation.Status}, {list.Count} in the list, {orders} orders");

        var others = await VisitAsync(tour, neighbours);
        tour.Terminal.Claim(
            others.Found == 40 && others.Hits >= 36,
            $"organisation 8 is still cached ({others.Hits} of 40 users from Redis)",
            $"{others.Found} found, {others.Hits} hits");
    }

    /// <summary>Reads users, or what is below them: how many were found, and how many reads Redis answered.</summary>
    private static async Task<(int Found, long Hits)> VisitAsync(TourContext tour, int[] users, string below = "")
    {
        var hits = tour.Meter.Hits;
        var found = 0;
        foreach (var user in users)
        {
            var answer = await tour.Shop.GetAsync($"/users/{user}{below}", tour.CancellationToken);
            found += answer.Status == HttpStatusCode.OK ? 1 : 0;
        }

        return (found, tour.Meter.Hits - hits);
    }
}
