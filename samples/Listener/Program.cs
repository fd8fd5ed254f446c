// A worker that does nothing but apply the journal to Redis, for applications whose own processes do not (Journal.RunListener = false).
// Run two of them: one leads, and the other takes over within seconds.
//
//   dotnet run --project samples/Listener -- --ConnectionStrings:Postgres="Host=...;Database=shop;Username=app" \
//       --ConnectionStrings:Redis="localhost:6379" --KeyPrefix=hs
//
// It needs the schema that the application watches its tables with: see "Changes made elsewhere" in README.md.

using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

var builder = Host.CreateApplicationBuilder(args);
builder.Services.AddHybridStoreListener(options =>
{
    // Directly to the primary, and not through a pooler: its session holds the leader's lock.
    options.PostgresConnectionString = builder.Configuration["ConnectionStrings:Postgres"];
    options.RedisConnectionString = builder.Configuration["ConnectionStrings:Redis"];
    options.KeyPrefix = builder.Configuration["KeyPrefix"] ?? options.KeyPrefix;
});
await builder.Build().RunAsync();
