using HybridStore.Realtime;

namespace Storefront.Products;

/// <summary>What sells best this month, as it is sold. Its scores are written to PostgreSQL now and then, and come back from there if Redis loses
/// them.</summary>
public sealed class BestsellerBoard(ILeaderboards boards, TimeProvider time)
{
    private ILeaderboard Board => boards.Get($"bestsellers:{time.GetUtcNow():yyyy-MM}");

    /// <summary>Some of a product have been sold. An order that is placed stays placed whatever becomes of the board.</summary>
    public async Task SoldAsync(int productId, int quantity)
    {
        try
        {
            await Board.AddAsync($"{productId}", quantity);
        }
        catch (RealtimeUnavailableException)
        {
            // The board is a few short until the next month: nobody's order fails for it.
        }
    }

    public Task<IReadOnlyList<LeaderboardEntry>> TopAsync(int count, CancellationToken cancellationToken = default) =>
        Board.TopAsync(count, cancellationToken);
}
