// The storefront: a small shop that reads PostgreSQL through Redis with HybridStore.
//
//   bash samples/run.sh             a tour in the terminal; exits with 1 if a step is not as it claims
//   bash samples/run.sh --serve     keeps the API running on http://localhost:5080 until Ctrl+C
//
// (or dotnet run --project samples/Storefront, with -- --serve, where PostgreSQL and Redis or Docker are installed).
// Start reading here, then Products/PriceRepository.cs, Users/UserRepository.cs and Orders/OrderRepository.cs.
// Demo/ and Tour/ are only there to show it; an application of your own has neither.

using HybridStore;
using HybridStore.Servers;
using Npgsql;
using Storefront.Demo;
using Storefront.Orders;
using Storefront.Organisations;
using Storefront.Products;
using Storefront.Tour;
using Storefront.Users;

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
    .AddWarmup<SeasonWarmup>();
    builder.Services
        .AddSingleton(_ => NpgsqlDataSource.Create(servers.PostgresConnectionString)) // for what is read past the store

        // What one request has read of the catalogue it does not read again.
        .AddScoped(request => new ProductRepository(
            request.GetRequiredService<IHybridStore>().With(new ReadOptions { Memo = true })))
        .AddSingleton<PriceRepository>()
        .AddSingleton<StockRepository>()
        .AddSingleton<UserRepository>()
        .AddSingleton<OrganisationRepository>()
        .AddSingleton<OrderRepository>();
    demonstration.Configure(builder);

    await using var app = builder.Build();
    app.MapProducts();
    app.MapUsers();
    app.MapOrganisations();
    app.MapOrders();
    return await demonstration.RunAsync(app);
}
catch (ServersUnavailableException error)
{
    Console.Error.WriteLine(error.Message);
    return 1;
}
