namespace HybridStore.Redis.Janitor;

/// <summary>How an attempt to tidy up has ended.</summary>
internal enum JanitorOutcome
{
    /// <summary>Somebody else does it, or has done it lately.</summary>
    NotMyTurn,

    /// <summary>There is nothing left to do now.</summary>
    Done,

    /// <summary>Something was left that can be removed in some seconds.</summary>
    InGrace,

    /// <summary>Some part of Redis did not answer.</summary>
    Failed,
}
