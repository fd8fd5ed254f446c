namespace Storefront.Products;

internal static class ProductEndpoints
{
    public static void MapProducts(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/products/{id:int}", PageAsync);

        routes.MapGet("/products/by-slug/{slug}", async (string slug, ProductRepository products, CancellationToken token) =>
            await products.FindBySlugAsync(slug, token) is { } product ? Results.Ok(product) : Results.NotFound());

        routes.MapGet("/products/{id:int}/stock", async (int id, StockRepository stock, CancellationToken token) =>
            await stock.NowAsync(id, token) is { } now ? Results.Ok(new StockNow(now)) : Results.NotFound());

        routes.MapGet(
            "/categories/{category}/bestsellers",
            (string category, ProductRepository products, CancellationToken token) => products.BestsellersAsync(category, token));

        routes.MapGet("/categories/{category}/products", ShelfAsync);
        routes.MapPost("/products", AddAsync);
        routes.MapPut("/products/{id:int}/price", ChangePriceAsync);
    }

    /// <summary>A page is three entries with three lifetimes: the text a day, the stock five minutes, the price one.</summary>
    private static async Task<IResult> PageAsync(
        int id, ProductRepository products, PriceRepository prices, StockRepository stock, CancellationToken cancellationToken)
    {
        if (await products.FindAsync(id, cancellationToken) is not { } product)
        {
            return Results.NotFound();
        }

        return Results.Ok(new ProductPage(
            product, await prices.FindAsync(id, cancellationToken), await stock.ShownAsync(id, cancellationToken)));
    }

    /// <summary>Each row asks for itself whether it is a bestseller. The repository belongs to the request and remembers the
    /// ranking.</summary>
    private static async Task<IReadOnlyList<ShelfRow>> ShelfAsync(
        string category, ProductRepository products, CancellationToken cancellationToken)
    {
        var ids = await products.ShelfAsync(category, cancellationToken);
        var rows = new List<ShelfRow>(ids.Count);
        foreach (var product in await products.FindManyAsync(ids, cancellationToken))
        {
            if (product is not null)
            {
                var bestsellers = await products.BestsellersAsync(category, cancellationToken);
                rows.Add(new ShelfRow(product, bestsellers.Any(bestseller => bestseller.Id == product.Id)));
            }
        }

        return rows;
    }

    private static async Task<IResult> AddAsync(
        NewProduct product, ProductRepository products, CancellationToken cancellationToken)
    {
        string?[] texts = [product.Slug, product.Name, product.Category, product.Description];
        if (texts.Any(string.IsNullOrWhiteSpace) || product.Slug.Length > 100 || product.Price <= 0 || product.Stock < 0)
        {
            return Results.BadRequest("A product has a slug, a name, a category, a description, a price and a stock.");
        }

        return (await products.AddAsync(product, cancellationToken)).Result is { } id
            ? Results.Created($"/products/{id}", new { Id = id })
            : Results.Conflict("The slug is taken.");
    }

    private static async Task<IResult> ChangePriceAsync(
        int id, NewPrice change, PriceRepository prices, CancellationToken cancellationToken)
    {
        if (change.Price <= 0)
        {
            return Results.BadRequest("The price must be more than zero.");
        }

        var receipt = await prices.ChangeAsync(id, change.Price, cancellationToken);
        return receipt.Result == 0
            ? Results.NotFound()
            : Results.Ok(new PriceChanged(change.Price, receipt.Status.ToString()));
    }
}

internal sealed record ProductPage(Product Product, decimal? Price, int? Stock);

internal sealed record StockNow(int Stock);

internal sealed record NewPrice(decimal Price);

/// <param name="Price">The price that is committed.</param>
/// <param name="Invalidation">"Applied", or "Pending" while Redis is away: committed all the same.</param>
internal sealed record PriceChanged(decimal Price, string Invalidation);
