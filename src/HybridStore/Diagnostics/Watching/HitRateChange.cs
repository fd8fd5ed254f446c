namespace HybridStore.Diagnostics.Watching;

/// <summary>What an interval has changed.</summary>
internal enum HitRateChange
{
    None,

    /// <summary>The rate has dropped.</summary>
    Dropped,

    /// <summary>It is back, or what it dropped to has become usual.</summary>
    Recovered,
}
