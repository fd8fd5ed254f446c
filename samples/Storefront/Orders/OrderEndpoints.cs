using Storefront.Products;

namespace Storefront.Orders;

internal static class OrderEndpoints
{
    public static void MapOrders(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/orders", async (NewOrder order, OrderRepository orders, BestsellerBoard board, CancellationToken token) =>
        {
            if (order.Quantity is < 1 or > 100)
            {
                return Results.BadRequest("The quantity must be from 1 to 100.");
            }

            var (outcome, placed) = (await orders.PlaceAsync(order, token)).Result;
            if (outcome == OrderOutcome.Placed)
            {
                await board.SoldAsync(order.ProductId, order.Quantity);
            }

            return outcome switch
            {
                OrderOutcome.Placed => Results.Created($"/users/{order.UserId}/orders", placed),
                OrderOutcome.SoldOut => Results.Conflict("There are not that many left."),
                OrderOutcome.NoSuchUser => Results.NotFound("There is no such user."),
                _ => Results.NotFound("There is no such product."),
            };
        });
}
