namespace HybridStore.Realtime.Tests.Leaderboards;

/// <summary>What a board must be: a list that is sorted anew for each answer.</summary>
internal sealed class LeaderboardModel(LeaderboardOrder order)
{
    private readonly Dictionary<string, (double Score, long Arrival)> _scores = [];
    private long _arrivals;

    public IReadOnlyList<LeaderboardEntry> All => [.. _scores
        .OrderBy(score => order == LeaderboardOrder.HighestFirst ? -score.Value.Score : score.Value.Score)
        .ThenBy(score => score.Value.Arrival)
        .Select((score, index) => new LeaderboardEntry(score.Key, score.Value.Score, index + 1))];

    public void Set(string member, double score)
    {
        if (!_scores.TryGetValue(member, out var known) || known.Score != score)
        {
            _scores[member] = (score, ++_arrivals);
        }
    }

    public double Add(string member, double delta)
    {
        Set(member, _scores.GetValueOrDefault(member).Score + delta);
        return _scores[member].Score;
    }

    public bool KeepBest(string member, double score)
    {
        var isBetter = !_scores.TryGetValue(member, out var known)
            || (order == LeaderboardOrder.HighestFirst ? score > known.Score : score < known.Score);
        if (isBetter)
        {
            Set(member, score);
        }

        return isBetter;
    }

    public bool Remove(string member) => _scores.Remove(member);

    public void Delete() => _scores.Clear();

    public IReadOnlyList<LeaderboardEntry> Around(string member, int before, int after) =>
        All.FirstOrDefault(entry => entry.Member == member) is { Rank: > 0 } own
            ? [.. All.Where(entry => entry.Rank >= own.Rank - before && entry.Rank <= own.Rank + after)]
            : [];
}
