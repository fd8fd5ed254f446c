using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace HybridStore.IntegrationTests.Readme;

// readme: warm
public sealed class FrontPageWarmup(NpgsqlDataSource database, ProductPages products) : ICacheWarmup
{
    public async Task WarmAsync(IHybridStore store, CancellationToken cancellationToken = default)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var ids = connection.QueryUnbufferedAsync<int>("select id from product order by stock desc limit 1000"); // streamed
        await products.WarmAsync(ids, cancellationToken);
    }
}
// readme: end

/// <summary>How the warm-up and the pages are registered, as it stands in README.md.</summary>
internal static class FrontPage
{
    public static void Register(IServiceCollection services, Action<HybridStoreOptions> configure)
    {
        // readme: warmup
        services.AddHybridStore(configure)
            .AddWarmup<FrontPageWarmup>();
        // readme: end
    }

    public static void RegisterPerRequest(IServiceCollection services)
    {
        // readme: memo
        services.AddScoped(request => new ProductPages(
            request.GetRequiredService<IHybridStore>().With(new ReadOptions { Memo = true })));
        // readme: end
    }
}
