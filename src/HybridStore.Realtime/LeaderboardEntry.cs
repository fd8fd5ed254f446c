namespace HybridStore.Realtime;

/// <summary>A place on a board.</summary>
/// <param name="Member">Who holds it.</param>
/// <param name="Score">The score, exactly as it was set.</param>
/// <param name="Rank">The place, from 1 for the best. No two members share one: of equal scores the one that was reached earlier is
/// better.</param>
public readonly record struct LeaderboardEntry(string Member, double Score, long Rank);
