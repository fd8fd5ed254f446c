namespace HybridStore;

/// <summary>What a write's invalidation survives.</summary>
public enum InvalidationDurability
{
    /// <summary>What this process survives: it is made after COMMIT, and repeated until Redis has taken it. A process that dies in between takes
    /// it along. The default.</summary>
    Process,

    /// <summary>Everything that the write itself survives: the journal names it, in the same transaction, and whoever leads the journal makes it
    /// too. Needs <see cref="HybridStoreOptions.Journal"/>.</summary>
    Journal,
}
