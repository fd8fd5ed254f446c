using System.Security.Claims;
using HybridStore.AspNetCore;
using HybridStore.Realtime;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Storefront.Users;

namespace Storefront.Accounts;

/// <summary>Signing in and out by a cookie that carries nothing but the id of a session, and a basket in the session middleware.</summary>
internal static class AccountEndpoints
{
    private const string Basket = "basket";

    public static void MapAccounts(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/sign-in", SignInAsync);
        routes.MapPost("/sign-out", (HttpContext context) => context.SignOutAsync());
        routes.MapGet("/me", (ClaimsPrincipal user) => new Me(IdOf(user), user.Identity!.Name!)).RequireAuthorization();
        routes.MapGet("/me/devices", DevicesAsync).RequireAuthorization();
        routes.MapPost("/me/sign-out-others", SignOutOthersAsync).RequireAuthorization();
        routes.MapGet("/basket", async (HttpContext context) =>
        {
            await context.Session.LoadAsync();
            return Read(context.Session);
        });
        routes.MapPost("/basket/{product:int}", async (int product, HttpContext context) =>
        {
            // Otherwise the first look at the session would wait for Redis with its thread.
            await context.Session.LoadAsync();
            int[] basket = [.. Read(context.Session), product];
            context.Session.SetString(Basket, string.Join(',', basket));
            return basket;
        });
    }

    /// <summary>The sample has no passwords.</summary>
    private static async Task<IResult> SignInAsync(
        SignIn credentials, UserRepository users, HttpContext context, CancellationToken cancellationToken)
    {
        if (await users.FindAsync(credentials.UserId, cancellationToken) is not { } user)
        {
            return Results.Unauthorized();
        }

        var identity = new ClaimsIdentity(
            [new(ClaimTypes.NameIdentifier, $"{user.Id}"), new(ClaimTypes.Name, user.Name)],
            CookieAuthenticationDefaults.AuthenticationScheme);
        await context.SignInAsync(new ClaimsPrincipal(identity));
        return Results.NoContent();
    }

    private static async Task<IResult> DevicesAsync(
        HttpContext context, ClaimsPrincipal user, ISessionStore sessions, CancellationToken cancellationToken)
    {
        var current = await CurrentAsync(context);
        return Results.Ok(await sessions.ListOfUserAsync(IdOf(user), current?.Id, cancellationToken));
    }

    private static async Task<int> SignOutOthersAsync(
        HttpContext context, ClaimsPrincipal user, ISessionStore sessions, CancellationToken cancellationToken)
    {
        var current = await CurrentAsync(context);
        return await sessions.RevokeAllOfUserAsync(IdOf(user), current?.Id, cancellationToken);
    }

    private static async Task<Session?> CurrentAsync(HttpContext context) =>
        (await context.AuthenticateAsync()).Properties?.GetSession();

    private static string IdOf(ClaimsPrincipal user) => user.FindFirstValue(ClaimTypes.NameIdentifier)!;

    private static int[] Read(ISession session) => session.GetString(Basket) is { } basket
        ? [.. basket.Split(',').Select(int.Parse)]
        : [];
}

internal sealed record SignIn(int UserId);

internal sealed record Me(string Id, string Name);
