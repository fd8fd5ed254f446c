namespace HybridStore.Realtime;

/// <summary>The settings of leaderboards. Not thread-safe; read once.</summary>
public sealed class LeaderboardOptions : RealtimeServiceOptions
{
    private static readonly TimeSpan ShortestExpiration = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestExpiration = TimeSpan.FromDays(3650);

    /// <summary>How long a board lasts after its last change, give or take a hundredth: 1 second to 3,650 days. Default: 30 days.</summary>
    public TimeSpan Expiration { get; set; } = TimeSpan.FromDays(30);

    /// <summary>How many members a board may have: 1 to 100,000,000. The worst beyond them are taken off with each change. Default:
    /// <see langword="null"/>, any number.</summary>
    public int? MaximumMembers { get; set; }

    internal override string ServiceName => "leaderboards";

    internal override IEnumerable<string> Errors()
    {
        if (Expiration < ShortestExpiration || Expiration > LongestExpiration)
        {
            yield return "Expiration must be from 1 second to 3,650 days; the default is 30 days.";
        }

        if (MaximumMembers is < 1 or > 100_000_000)
        {
            yield return "MaximumMembers must be from 1 to 100,000,000; leave it unset for any number.";
        }
    }
}
