namespace HybridStore.Consistency.Keys;

/// <summary>What an entry of the soak is made of.</summary>
internal enum KeyKind
{
    /// <summary>One row, under no tag.</summary>
    Item,

    /// <summary>One row, under the tag of its group.</summary>
    Member,

    /// <summary>All rows of a group, under its tag.</summary>
    List,

    /// <summary>The same, built from the cached list.</summary>
    Page,
}
