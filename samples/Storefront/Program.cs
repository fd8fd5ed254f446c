// The storefront: a small shop that reads PostgreSQL through Redis with HybridStore.
//
//   bash samples/run.sh             a tour in the terminal; exits with 1 if a step is not as it claims
//   bash samples/run.sh --serve     keeps the API running on http://localhost:5080 until Ctrl+C
//
// (or dotnet run --project samples/Storefront, with -- --serve, where PostgreSQL and Redis or Docker are installed).
// Start reading here, then Products/PriceRepository.cs, Users/UserRepository.cs and Orders/OrderRepository.cs; for what Redis does beside caching,
// Accounts/AccountEndpoints.cs, Products/BestsellerBoard.cs and Visits/VisitRecording.cs.
// Demo/ and Tour/ are only there to show it; an application of your own has neither.

using HybridStore;
using HybridStore.Realtime;
using HybridStore.Servers;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.RateLimiting;
using Npgsql;
using Storefront.Accounts;
using Storefront.Demo;
using Storefront.Orders;
using Storefront.Organisations;
using Storefront.Products;
using Storefront.Tour;
using Storefront.Users;
using Storefront.Visits;

if (args.Except(["--serve", "--"]).Any())
{
    Console.Error.WriteLine("Usage: samples/run.sh [--serve]");
    return 2;
}

try
{
    await using var servers = await DemoServers.StartAsync();
    using IDemonstration demonstration = args.Contains("--serve") ? new Serving() : new ShopTour(servers);

    var builder = WebApplication.CreateBuilder();
    builder.Services.AddHybridStore(options =>
    {
        options.PostgresConnectionString = servers.PostgresConnectionString;
        options.RedisConnectionString = servers.RedisConnectionString;
        options.KeyPrefix = servers.KeyPrefix;

        // The shop may do that here; a DBA gets the script instead (HybridStoreSchema.GetInstallScript).
        options.Journal.InstallAtStart = true;
    })
    .Watch("app_user", users => users
        .Key(UserRepository.Key)
        .Key(UserRepository.OfOrganisationKey)
        .Column("organisationId", "organisation_id"))
    .AddWarmup<SeasonWarmup>()

    // What Redis does beside caching. Sessions have a copy in PostgreSQL, the board is written there now and then: both come back if Redis
    // loses them.
    .ConfigureRealtime(realtime => realtime.InstallAtStart = true)
    .AddSessions(sessions => sessions.PostgresCopy = true)
    .AddTicketStore()
    .AddDistributedCache()
    .AddLeaderboards()
    .AddSnapshots()
    .AddRateLimits(limits => limits.Add(SearchEndpoints.Limit, RateLimit.FixedWindow(20, TimeSpan.FromSeconds(10))))
    .AddRollingCounters(counters => counters.Add(VisitRecording.Requests))
    .AddWriteBuffer<PageView>("page-views", PageView.Buffer);
    builder.Services
        .AddSingleton(_ => NpgsqlDataSource.Create(servers.PostgresConnectionString)) // for what is read past the store

        // What one request has read of the catalogue it does not read again.
        .AddScoped(request => new ProductRepository(
            request.GetRequiredService<IHybridStore>().With(new ReadOptions { Memo = true })))
        .AddSingleton<PriceRepository>()
        .AddSingleton<StockRepository>()
        .AddSingleton<UserRepository>()
        .AddSingleton<OrganisationRepository>()
        .AddSingleton<OrderRepository>()
        .AddSingleton(TimeProvider.System)
        .AddSingleton<BestsellerBoard>();
    builder.Services.AddAuthentication(CookieAuthenticationDefaults.AuthenticationScheme).AddCookie(cookie =>
        cookie.Events.OnRedirectToLogin = redirect =>
        {
            // An API has no page to sign in on.
            redirect.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return Task.CompletedTask;
        });
    builder.Services.AddAuthorization().AddSession().AddRateLimiter(limiter => limiter.RejectionStatusCode = StatusCodes.Status429TooManyRequests);
    builder.Services.AddOptions<RateLimiterOptions>().Configure<IRateLimits>(SearchEndpoints.Configure);
    demonstration.Configure(builder);

    await using var app = builder.Build();
    app.UseMiddleware<VisitRecording>();
    app.UseAuthentication();
    app.UseAuthorization();
    app.UseSession();
    app.UseRateLimiter();
    app.MapProducts();
    app.MapUsers();
    app.MapOrganisations();
    app.MapOrders();
    app.MapSearch();
    app.MapAccounts();
    app.MapVisits();
    return await demonstration.RunAsync(app);
}
catch (ServersUnavailableException error)
{
    Console.Error.WriteLine(error.Message);
    return 1;
}
