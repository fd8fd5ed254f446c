using System.Net;
using Npgsql;
using Storefront.Accounts;
using Storefront.Orders;

namespace Storefront.Tour;

/// <summary>What Redis does for the shop beside caching.</summary>
internal static class BesideSteps
{
    private const int User = 1234;
    private const int Searches = 25;
    private const int Permitted = 20;

    public static async Task SessionsAsync(TourContext tour)
    {
        tour.Terminal.Step("Sessions: signed in on two devices");
        using var laptop = new ShopClient(tour.Shop.Address);
        using var phone = new ShopClient(tour.Shop.Address);
        await laptop.PostAsync("/sign-in", new SignIn(User), tour.CancellationToken);
        await phone.PostAsync("/sign-in", new SignIn(User), tour.CancellationToken);
        await laptop.PostAsync("/basket/42", new { }, tour.CancellationToken);
        var basket = (await laptop.PostAsync("/basket/7", new { }, tour.CancellationToken)).Read<int[]>();
        var cookie = laptop.Cookies.Max(cookie => cookie.Value.Length);
        var devices = (await laptop.GetAsync("/me/devices", tour.CancellationToken)).Read<List<object>>().Count;
        var before = await phone.GetAsync("/me", tour.CancellationToken);
        await laptop.PostAsync("/me/sign-out-others", new { }, tour.CancellationToken);
        var after = await phone.GetAsync("/me", tour.CancellationToken);
        var own = await laptop.GetAsync("/me", tour.CancellationToken);
        tour.Terminal.Say($"the longest cookie has {cookie} characters: it carries an id, of which Redis knows a hash alone");
        tour.Terminal.Claim(
            devices == 2 && before.Status == HttpStatusCode.OK,
            "the user sees both devices",
            $"{devices} devices, {before.Status}");
        tour.Terminal.Claim(
            after.Status == HttpStatusCode.Unauthorized && own.Status == HttpStatusCode.OK,
            "\"sign out everywhere else\" has signed out the phone, and not the laptop",
            $"{after.Status} and {own.Status}");
        tour.Terminal.Claim(basket is [42, 7], "the basket of the session middleware is there too", string.Join(',', basket));
    }

    public static async Task BestsellersAsync(TourContext tour)
    {
        tour.Terminal.Step("A live board of bestsellers");
        foreach (var (product, quantity) in ((int, int)[])[(1201, 3), (1202, 5), (1203, 3)])
        {
            await tour.Shop.PostAsync("/orders", new NewOrder(User, product, quantity), tour.CancellationToken);
        }

        var board = (await tour.Shop.GetAsync("/bestsellers", tour.CancellationToken)).Read<List<BoardRow>>();
        foreach (var row in board.Take(3))
        {
            tour.Terminal.Say($"{row.Rank}. product {row.Member}: {row.Score:0} sold");
        }

        tour.Terminal.Claim(
            board.Take(3).Select(row => row.Member).SequenceEqual(["1202", "1201", "1203"]),
            "the orders are ranked as they are placed; of equal ones the earlier leads",
            string.Join(", ", board.Select(row => row.Member)));
    }

    public static async Task RateLimitAsync(TourContext tour)
    {
        tour.Terminal.Step($"A rate limit: {Permitted} searches in 10 s");
        var answers = new List<Answer>();
        for (var number = 0; number < Searches; number++)
        {
            answers.Add(await tour.Shop.GetAsync("/search?text=copper", tour.CancellationToken));
        }

        var found = answers.Count(answer => answer.Status == HttpStatusCode.OK);
        var refused = answers.Count(answer => answer.Status == HttpStatusCode.TooManyRequests);
        tour.Terminal.Claim(
            found == Permitted && refused == Searches - Permitted && answers[^1].RetryAfter > TimeSpan.Zero,
            $"{found} pass, {refused} are told to come back in {answers[^1].RetryAfter?.TotalSeconds:0} s, by all processes of the shop together",
            $"{found} passed, {refused} were refused");
    }

    public static async Task CounterAsync(TourContext tour)
    {
        tour.Terminal.Step("A live counter: requests of the last five minutes");
        var top = (await tour.Shop.GetAsync("/live/requests", tour.CancellationToken)).Read<List<CounterRow>>();
        foreach (var row in top.Take(3))
        {
            tour.Terminal.Say($"{row.Count,6:N0}  {row.Member}");
        }

        var searches = top.Find(row => row.Member == "GET /search")?.Count;
        tour.Terminal.Claim(searches == Searches, $"{Searches} of them were searches", $"{searches}");
    }

    public static async Task BufferAsync(TourContext tour)
    {
        tour.Terminal.Step("A write buffer: each look at a product becomes a row");
        const int Product = 1299;
        const int Views = 200;
        var before = await CountAsync(tour, Product);
        for (var number = 0; number < Views; number++)
        {
            await tour.Shop.PageAsync(Product, tour.CancellationToken);
        }

        var arrived = 0L;
        await Poll.UntilAsync(
            async () => (arrived = await CountAsync(tour, Product) - before) >= Views, TourContext.Patience, tour.CancellationToken);
        var transactions = await ScalarAsync(tour, $"select count(distinct xmin::text) from page_view where product_id = {Product}");
        tour.Terminal.Claim(
            arrived == Views,
            $"{Views} looks are {arrived} rows in PostgreSQL, written by {transactions} transactions",
            $"{arrived} rows");
    }

    private static Task<long> CountAsync(TourContext tour, int product) =>
        ScalarAsync(tour, $"select count(*) from page_view where product_id = {product}");

    private static async Task<long> ScalarAsync(TourContext tour, string sql)
    {
        await using var dataSource = NpgsqlDataSource.Create(tour.Servers.PostgresConnectionString);
        await using var command = dataSource.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync(tour.CancellationToken))!;
    }

    private sealed record BoardRow(string Member, double Score, long Rank);

    private sealed record CounterRow(string Member, long Count);
}
