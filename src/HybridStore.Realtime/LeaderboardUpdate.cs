namespace HybridStore.Realtime;

/// <summary>One of many changes that <see cref="ILeaderboard.UpdateAsync"/> makes.</summary>
public readonly record struct LeaderboardUpdate
{
    private LeaderboardUpdate(string operation, string member, double value) =>
        (Operation, Member, Value) = (operation, member, value);

    /// <summary>Whose score is changed.</summary>
    public string Member { get; }

    /// <summary>The score, or what is added to it.</summary>
    public double Value { get; }

    /// <summary>As board-update.lua knows it.</summary>
    internal string Operation { get; }

    /// <summary>As <see cref="ILeaderboard.SetAsync"/>.</summary>
    /// <param name="member">Whose score.</param>
    /// <param name="score">The score.</param>
    public static LeaderboardUpdate Set(string member, double score) => new("s", member, score);

    /// <summary>As <see cref="ILeaderboard.AddAsync"/>.</summary>
    /// <param name="member">Whose score.</param>
    /// <param name="delta">What is added to it.</param>
    public static LeaderboardUpdate Add(string member, double delta) => new("a", member, delta);

    /// <summary>As <see cref="ILeaderboard.KeepBestAsync"/>.</summary>
    /// <param name="member">Whose score.</param>
    /// <param name="score">The score.</param>
    public static LeaderboardUpdate KeepBest(string member, double score) => new("b", member, score);
}
