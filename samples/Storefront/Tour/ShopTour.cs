using System.Diagnostics;
using HybridStore;
using Microsoft.Extensions.Options;
using Storefront.Demo;

namespace Storefront.Tour;

/// <summary>Starts the shop on a free port and shows, step by step, what the store does for it.</summary>
internal sealed class ShopTour(DemoServers servers) : IDemonstration
{
    private static readonly TimeSpan BreakDuration = TimeSpan.FromSeconds(2);

    private readonly StoreMeter _meter = new();
    private readonly StoreLog _log = new();

    public void Configure(WebApplicationBuilder builder)
    {
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders().AddProvider(_log)
            .SetMinimumLevel(LogLevel.Warning)
            .AddFilter("HybridStore", LogLevel.Information);
        builder.Services.Configure<HybridStoreOptions>(options => options.CircuitBreaker.BreakDuration = BreakDuration);
    }

    public async Task<int> RunAsync(WebApplication app)
    {
        var startedAt = Stopwatch.GetTimestamp();
        var terminal = Terminal.OnConsole();
        await app.StartAsync();
        var address = app.Urls.Single();
        using var shop = new ShopClient(new Uri(address));
        var options = app.Services.GetRequiredService<IOptions<HybridStoreOptions>>().Value;
        var stopping = app.Lifetime.ApplicationStopping;
        var store = app.Services.GetRequiredService<IHybridStore>();
        var tour = new TourContext(terminal, shop, store, _meter, _log, servers, options, stopping);

        terminal.Line("The storefront on HybridStore: a tour");
        terminal.Say($"PostgreSQL and Redis {servers.Source}; started and seeded in {servers.StartTime.TotalSeconds:0.0} s:");
        terminal.Say("2,000 products, 2,000 users, 50 organisations, 20,000 orders.");
        terminal.Say($"The shop listens on {address}; all that follows goes through its HTTP API.");
        terminal.Say($"The circuit breaker stays open for {BreakDuration.TotalSeconds:0} s here; the default is 30 s.");

        try
        {
            await ReadingSteps.WarmUpAsync(tour);
            await ReadingSteps.ColdAndWarmAsync(tour);
            await PageSteps.ShelvesAsync(tour);
            await WritingSteps.PricesAsync(tour);
            await WritingSteps.UnknownProductAsync(tour);
            await WritingSteps.AccountDeletedAsync(tour);
            await WatchingSteps.ChangedInPsqlAsync(tour);
            await OrderingSteps.LastItemAsync(tour);
            await BesideSteps.SessionsAsync(tour);
            await BesideSteps.BestsellersAsync(tour);
            await BesideSteps.RateLimitAsync(tour);
            await BesideSteps.CounterAsync(tour);
            await BesideSteps.BufferAsync(tour);
            await OutageSteps.RedisStopsAsync(tour);
            await OutageSteps.RedisReturnsAsync(tour);
            await OutageSteps.RedisHangsAsync(tour);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            terminal.Line("   interrupted");
            return 130;
        }
        catch (Exception error)
        {
            // Whatever it was, it is printed and the exit code says so; the servers are stopped on the way out.
            terminal.Broken(error);
        }

        if (terminal.HasFailed)
        {
            foreach (var line in _log.Errors.Take(5))
            {
                terminal.Log($"{line.Category}: {line.Message} {line.Exception?.Message}");
            }
        }

        terminal.Line("");
        var held = terminal.Claims - terminal.FailedClaims;
        terminal.Line($"{held} of {terminal.Claims} claims hold ({Stopwatch.GetElapsedTime(startedAt).TotalSeconds:0.0} s)");
        return terminal.HasFailed ? 1 : 0;
    }

    public void Dispose()
    {
        _meter.Dispose();
        _log.Dispose();
    }
}
