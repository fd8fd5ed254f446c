namespace HybridStore.Realtime;

/// <summary>Which scores of a board are the best.</summary>
public enum LeaderboardOrder
{
    /// <summary>The highest, such as points.</summary>
    HighestFirst = 0,

    /// <summary>The lowest, such as times.</summary>
    LowestFirst = 1,
}
