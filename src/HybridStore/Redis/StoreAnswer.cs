namespace HybridStore.Redis;

/// <summary>What <c>store.lua</c> did, or why it refused.</summary>
internal enum StoreAnswer
{
    /// <summary>An answer of another release's script: not known to be stored.</summary>
    Unknown = 0,

    /// <summary>The entry is stored.</summary>
    Stored,

    /// <summary>The lease is gone: the key was invalidated, its guard lost, or the lease taken over.</summary>
    LeaseLost,

    /// <summary>The load took longer than fences are remembered.</summary>
    TooLate,

    /// <summary>The load may not reflect a write that has invalidated the key.</summary>
    Fenced,

    /// <summary>The load may not reflect a write that has invalidated one of the tags.</summary>
    TagFenced,

    /// <summary>The standby that was read may lag behind a write that was invalidated here.</summary>
    StandbyLags,

    /// <summary>The generation was raised since the lease was granted: everything was invalidated.</summary>
    OtherGeneration,

    /// <summary>The ids of the stamp were counted by another database than those of the entries that are there.</summary>
    OtherDatabase,
}

/// <summary>The words of <c>store.lua</c>.</summary>
internal static class StoreAnswers
{
    public static StoreAnswer Parse(string? word) => word switch
    {
        "stored" => StoreAnswer.Stored,
        "lease" => StoreAnswer.LeaseLost,
        "late" => StoreAnswer.TooLate,
        "fence" => StoreAnswer.Fenced,
        "tag" => StoreAnswer.TagFenced,
        "standby" => StoreAnswer.StandbyLags,
        "generation" => StoreAnswer.OtherGeneration,
        "database" => StoreAnswer.OtherDatabase,
        _ => StoreAnswer.Unknown,
    };

    /// <summary>The name in metrics.</summary>
    public static string Name(this StoreAnswer answer) => answer switch
    {
        StoreAnswer.Stored => "stored",
        StoreAnswer.LeaseLost => "refused_lease_lost",
        StoreAnswer.TooLate => "refused_too_late",
        StoreAnswer.Fenced => "refused_fenced",
        StoreAnswer.TagFenced => "refused_tag_fenced",
        StoreAnswer.StandbyLags => "refused_standby_lags",
        StoreAnswer.OtherGeneration => "refused_generation_raised",
        StoreAnswer.OtherDatabase => "refused_other_database",
        _ => "refused_unknown",
    };
}
