using Storefront.Orders;

namespace Storefront.Users;

internal static class UserEndpoints
{
    public static void MapUsers(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/users/{id:int}", async (int id, UserRepository users, CancellationToken token) =>
            await users.FindAsync(id, token) is { } user ? Results.Ok(user) : Results.NotFound());

        routes.MapPut("/users/{id:int}/name", async (int id, NewName change, UserRepository users, CancellationToken token) =>
        {
            if (string.IsNullOrWhiteSpace(change.Name))
            {
                return Results.BadRequest("The name must not be empty.");
            }

            return (await users.RenameAsync(id, change.Name, token)).Result is { } user ? Results.Ok(user) : Results.NotFound();
        });

        routes.MapGet("/users/{id:int}/orders", (int id, OrderRepository orders, CancellationToken token) =>
            orders.OfUserAsync(id, token));
    }
}

internal sealed record NewName(string Name);
