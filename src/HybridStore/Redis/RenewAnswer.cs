namespace HybridStore.Redis;

/// <summary>What <c>renew.lua</c> did.</summary>
internal enum RenewAnswer
{
    /// <summary>An answer of another release's script.</summary>
    Unknown = 0,

    /// <summary>The lease lasts longer.</summary>
    Renewed,

    /// <summary>It is not held any more: the key was invalidated, its guard lost, or the lease taken over or given back.</summary>
    Lost,

    /// <summary>The load takes longer than fences are remembered: what it brings cannot be stored.</summary>
    TooLate,
}

/// <summary>The words of <c>renew.lua</c>.</summary>
internal static class RenewAnswers
{
    public static RenewAnswer Parse(string? word) => word switch
    {
        "renewed" => RenewAnswer.Renewed,
        "lost" => RenewAnswer.Lost,
        "late" => RenewAnswer.TooLate,
        _ => RenewAnswer.Unknown,
    };

    /// <summary>The name in metrics.</summary>
    public static string Name(this RenewAnswer answer) => answer switch
    {
        RenewAnswer.Renewed => "renewed",
        RenewAnswer.Lost => "lost",
        RenewAnswer.TooLate => "too_late",
        _ => "unknown",
    };
}
