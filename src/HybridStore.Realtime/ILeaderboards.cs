namespace HybridStore.Realtime;

/// <summary>The leaderboards of an application: ranked scores in Redis. Safe to use from any thread.</summary>
public interface ILeaderboards
{
    /// <summary>A board by its name. It costs nothing, asks nobody, and need not be kept; a board comes into being with its first
    /// score.</summary>
    /// <param name="name">1 to 1,024 bytes in UTF-8 without control characters, for example <c>bestsellers:2026-11</c>.</param>
    /// <param name="order">Which scores are the best. It belongs to the board: whoever asks for the same board has to say the same.</param>
    /// <exception cref="ArgumentException"><paramref name="name"/> is no such text.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="order"/> is no known order.</exception>
    ILeaderboard Get(string name, LeaderboardOrder order = LeaderboardOrder.HighestFirst);
}
