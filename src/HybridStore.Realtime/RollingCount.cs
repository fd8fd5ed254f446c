namespace HybridStore.Realtime;

/// <summary>How often something was counted.</summary>
/// <param name="Member">What.</param>
/// <param name="Count">How often.</param>
public sealed record RollingCount(string Member, long Count)
{
    /// <summary>What stands for all that came when a bucket was full: <see cref="RollingCounterOptions.MaximumMembers"/>.</summary>
    public const string Others = "(others)";
}
