using System.Security.Claims;
using HybridStore.AspNetCore;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace HybridStore.Realtime.Tests.Readme;

/// <summary>The snippets of the README on sessions; that they compile is what is tested.</summary>
internal static class SessionsSnippets
{
    public static void Register(IServiceCollection services, string postgres)
    {
        // readme: sessions-register
        services.AddHybridStore(options => options.PostgresConnectionString = postgres)
            .AddSessions(sessions =>
            {
                sessions.SlidingExpiration = TimeSpan.FromHours(24);
                sessions.AbsoluteLifetime = TimeSpan.FromDays(30);
                sessions.PostgresCopy = true; // sessions then outlast Redis
            });

        // readme: end
    }

    public static async Task UseAsync(ISessionStore sessions, string userId, CancellationToken token)
    {
        // readme: sessions-use
        var visit = await sessions.CreateAsync(new SessionStart { Device = "Firefox on Linux" }, token);
        await sessions.MergeAsync(visit.Id, new SessionChanges().SetJson("cart", new[] { 17, 4711 }), token);

        // Signing in: a new id, the same session, and from now on the user's.
        var session = await sessions.RegenerateIdAsync(visit.Id, userId, token)
            ?? await sessions.CreateAsync(new SessionStart { UserId = userId }, token);
        var cart = (await sessions.GetAsync(session.Id, token))?.GetJson<int[]>("cart");

        // The list of devices, one of them signed out, then all others.
        var devices = await sessions.ListOfUserAsync(userId, session.Id, token);
        await sessions.RevokeByHandleAsync(userId, devices[^1].Handle, token);
        await sessions.RevokeAllOfUserAsync(userId, exceptId: session.Id, token);

        // readme: end
        _ = cart;
    }

    public static void AspNetCore(WebApplicationBuilder builder, string postgres)
    {
        // readme: sessions-aspnetcore
        builder.Services.AddAuthentication("Cookies").AddCookie("Cookies");
        builder.Services.AddSession();
        builder.Services.AddHybridStore(options => options.PostgresConnectionString = postgres)
            .AddSessions()
            .AddTicketStore()       // the cookie carries an id; the ticket is in the session
            .AddDistributedCache(); // IDistributedCache, which AddSession uses

        var app = builder.Build();
        app.MapPost("/sign-out-everywhere", async (HttpContext context, ISessionStore sessions) =>
        {
            var mine = (await context.AuthenticateAsync()).Properties?.GetSession();
            await sessions.RevokeAllOfUserAsync(context.User.FindFirstValue(ClaimTypes.NameIdentifier)!, mine?.Id);
        }).RequireAuthorization();

        // readme: end
    }
}
