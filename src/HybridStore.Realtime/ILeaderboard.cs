namespace HybridStore.Realtime;

/// <summary>
/// One leaderboard. Each operation sees and makes one state of it, whoever else changes it at the same time. Of equal scores the one that was
/// reached earlier ranks better; a member that is set to the score it has keeps its place. Safe to use from any thread.
/// </summary>
/// <remarks>
/// <para>Members are texts of 1 to 1,024 bytes in UTF-8 without control characters; an <see cref="ArgumentException"/> says which rule one
/// breaks. Scores are any numbers but NaN and the infinities, and come back exactly as they went in.</para>
/// <para>Everything throws <see cref="RealtimeUnavailableException"/> when Redis is away, and
/// <see cref="InvalidOperationException"/> when the board is kept in the other order.</para>
/// </remarks>
public interface ILeaderboard
{
    /// <summary>The board's name.</summary>
    string Name { get; }

    /// <summary>Which scores are the best.</summary>
    LeaderboardOrder Order { get; }

    /// <summary>Gives a member a score, whatever it had.</summary>
    /// <param name="member">The member.</param>
    /// <param name="score">The score.</param>
    /// <param name="cancellationToken">Ends the wait, not the change.</param>
    Task SetAsync(string member, double score, CancellationToken cancellationToken = default);

    /// <summary>Adds to a member's score; one that has none begins at 0.</summary>
    /// <param name="member">The member.</param>
    /// <param name="delta">What is added; it may be negative.</param>
    /// <param name="cancellationToken">Ends the wait, not the change.</param>
    /// <returns>The new score.</returns>
    /// <exception cref="OverflowException">The sum would be infinite; the score stays.</exception>
    Task<double> AddAsync(string member, double delta, CancellationToken cancellationToken = default);

    /// <summary>Gives a member a score unless it has as good a one.</summary>
    /// <param name="member">The member.</param>
    /// <param name="score">The score.</param>
    /// <param name="cancellationToken">Ends the wait, not the change.</param>
    /// <returns>Whether it was the member's first score, or better than what it had.</returns>
    Task<bool> KeepBestAsync(string member, double score, CancellationToken cancellationToken = default);

    /// <summary>Makes many changes in their order, some hundred at a time: far cheaper than one call for each.</summary>
    /// <param name="updates">The changes. A member may be among them more than once.</param>
    /// <param name="cancellationToken">Ends the wait; what has been sent is done.</param>
    /// <exception cref="OverflowException">A sum would be infinite; that score stays, and what stands some hundred places behind it in the list
    /// is not done.</exception>
    /// <remarks>Where it throws for Redis's sake, what stands first in the list may be done and the rest not.</remarks>
    Task UpdateAsync(IReadOnlyList<LeaderboardUpdate> updates, CancellationToken cancellationToken = default);

    /// <summary>The best.</summary>
    /// <param name="count">How many: 1 to 10,000.</param>
    /// <param name="cancellationToken">Cancels.</param>
    Task<IReadOnlyList<LeaderboardEntry>> TopAsync(int count, CancellationToken cancellationToken = default);

    /// <summary>A page, best first; empty behind the end.</summary>
    /// <param name="skip">How many places come before it: 0 or more.</param>
    /// <param name="take">How many places it has: 1 to 10,000.</param>
    /// <param name="cancellationToken">Cancels.</param>
    Task<IReadOnlyList<LeaderboardEntry>> PageAsync(long skip, int take, CancellationToken cancellationToken = default);

    /// <summary>A member's place; null if it has no score.</summary>
    /// <param name="member">The member.</param>
    /// <param name="cancellationToken">Cancels.</param>
    Task<LeaderboardEntry?> RankAsync(string member, CancellationToken cancellationToken = default);

    /// <summary>A member's place among its neighbours, best first; fewer at the board's ends, and empty if it has no score.</summary>
    /// <param name="member">The member.</param>
    /// <param name="before">How many better ones: 0 to 5,000.</param>
    /// <param name="after">How many worse ones: 0 to 5,000.</param>
    /// <param name="cancellationToken">Cancels.</param>
    Task<IReadOnlyList<LeaderboardEntry>> AroundAsync(
        string member, int before, int after, CancellationToken cancellationToken = default);

    /// <summary>How many members have a score.</summary>
    /// <param name="cancellationToken">Cancels.</param>
    Task<long> CountAsync(CancellationToken cancellationToken = default);

    /// <summary>Takes a member off the board.</summary>
    /// <param name="member">The member.</param>
    /// <param name="cancellationToken">Ends the wait, not the change.</param>
    /// <returns>Whether it had a score.</returns>
    Task<bool> RemoveAsync(string member, CancellationToken cancellationToken = default);

    /// <summary>Removes the board with all scores.</summary>
    /// <param name="cancellationToken">Ends the wait, not the change.</param>
    Task DeleteAsync(CancellationToken cancellationToken = default);
}
