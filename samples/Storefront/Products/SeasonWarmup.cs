using Dapper;
using HybridStore;
using Npgsql;

namespace Storefront.Products;

/// <summary>The season's category is on everybody's first page: its products are cached before anybody asks, at start and
/// whenever Redis has lost them.</summary>
internal sealed class SeasonWarmup(NpgsqlDataSource database, ProductRepository products) : ICacheWarmup
{
    public const string Category = "chair";

    public async Task WarmAsync(IHybridStore store, CancellationToken cancellationToken = default)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await products.WarmAsync(
            connection.QueryUnbufferedAsync<int>(
                "select id from product where category = @Category order by id", new { Category }),
            cancellationToken);
    }
}
