using System.Net;
using System.Security.Claims;
using HybridStore.AspNetCore;
using HybridStore.Servers;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace HybridStore.Realtime.Tests.AspNetCore;

/// <summary>An instance of a web application that signs in with cookies and has the session middleware.</summary>
internal sealed class WebHost : IAsyncDisposable
{
    private readonly WebApplication _application;

    private WebHost(WebApplication application) => _application = application;

    public IServiceProvider Services => _application.Services;

    public Uri Address => new(_application.Urls.Single());

    /// <param name="servers">The servers.</param>
    /// <param name="prefix">Of all instances of the application.</param>
    /// <param name="keys">Where all instances have their keys of Data Protection.</param>
    /// <param name="database">The database of all instances.</param>
    public static async Task<WebHost> StartAsync(TestServers servers, string prefix, DirectoryInfo keys, string database)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Logging.SetMinimumLevel(LogLevel.None);
        builder.Services.AddRoutingCore();
        builder.Services.AddDataProtection().PersistKeysToFileSystem(keys).SetApplicationName("tests");
        builder.Services.AddAuthentication("Cookies").AddCookie("Cookies");
        builder.Services.AddAuthorization();
        builder.Services.AddSession();
        builder.Services.AddHybridStore(options =>
        {
            options.PostgresConnectionString = database;
            options.RedisConnectionString = servers.Redis.ConnectionString;
            options.KeyPrefix = prefix;
            options.RedisTimeout = TimeSpan.FromMilliseconds(500);
            options.ServerWatch.Interval = TimeSpan.Zero;
        }).AddSessions().AddTicketStore().AddDistributedCache();

        var application = builder.Build();
        application.UseAuthentication();
        application.UseAuthorization();
        application.UseSession();
        application.MapGet("/sign-in/{user}", async (string user, HttpContext context) =>
        {
            var claims = Enumerable.Range(0, 200).Select(number => new Claim($"claim{number}", new string('x', 50)));
            var identity = new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, user), .. claims], "Cookies");
            await context.SignInAsync("Cookies", new ClaimsPrincipal(identity));
        });
        application.MapGet("/sign-out", context => context.SignOutAsync("Cookies"));
        application.MapGet("/me", (HttpContext context) => context.User.Identity!.IsAuthenticated
            ? Results.Text(context.User.FindFirstValue(ClaimTypes.NameIdentifier))
            : Results.StatusCode(401));
        application.MapGet("/sign-others-out", async (HttpContext context, ISessionStore sessions) =>
        {
            var session = (await context.AuthenticateAsync()).Properties!.GetSession()!;
            return await sessions.RevokeAllOfUserAsync(session.UserId!, session.Id);
        });
        application.MapGet("/count", async (HttpContext context) =>
        {
            await context.Session.LoadAsync();
            var count = (context.Session.GetInt32("count") ?? 0) + 1;
            context.Session.SetInt32("count", count);
            await context.Session.CommitAsync();
            return count;
        });
        await application.StartAsync();
        return new WebHost(application);
    }

    /// <summary>A browser, which has its own cookies for all instances.</summary>
    public static (HttpClient Client, CookieContainer Cookies) Browser()
    {
        var cookies = new CookieContainer();
        return (new HttpClient(new HttpClientHandler { CookieContainer = cookies, AllowAutoRedirect = false }), cookies);
    }

    public async ValueTask DisposeAsync()
    {
        await _application.StopAsync();
        await _application.DisposeAsync();
    }
}
