using System.Net;
using HybridStore.Servers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace HybridStore.Realtime.Tests.Readme;

public class RateLimitSnippetTests(ServersFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_middleware_lets_100_requests_through_and_tells_the_next_when_to_come_back()
    {
        var builder = WebApplication.CreateBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var database = await fixture.Servers.Postgres.CreateDatabaseAsync(Cancellation);
        RateLimitSnippets.Register(builder, builder.Services.AddHybridStore(options =>
        {
            options.PostgresConnectionString = database;
            options.RedisConnectionString = fixture.Servers.Redis.ConnectionString;
            options.KeyPrefix = RedisServer.NewKeyPrefix().TrimEnd(':');
            options.RedisTimeout = TimeSpan.FromSeconds(2);
        }));
        await using var app = builder.Build();
        app.UseRateLimiter();
        app.MapGet("/search", () => "found").RequireRateLimiting("search");
        await app.StartAsync(Cancellation);
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
        for (var number = 0; number < 100; number++)
        {
            using var granted = await client.GetAsync(new Uri("/search", UriKind.Relative), Cancellation);
            Assert.Equal(HttpStatusCode.OK, granted.StatusCode);
        }

        using var refused = await client.GetAsync(new Uri("/search", UriKind.Relative), Cancellation);
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
    }

    [Fact]
    public async Task The_counter_counts_and_the_login_is_limited()
    {
        await using var host = await RealtimeHost.StartAsync(fixture.Servers, builder =>
        {
            RateLimitSnippets.Register(builder);
            builder.AddRateLimits(limits => limits.Add("login", RateLimit.SlidingWindow(1, TimeSpan.FromMinutes(15))));
        });

        var (top, total) = await RateLimitSnippets.CountAsync(host.Get<IRollingCounters>());

        Assert.Equal([new RollingCount("GET /products", 1)], top);
        Assert.Equal(1, total);
        Assert.True(await RateLimitSnippets.AskAsync(host.Get<IRateLimits>(), "Ada", Cancellation));
        Assert.False(await RateLimitSnippets.AskAsync(host.Get<IRateLimits>(), "Ada", Cancellation));
    }
}
