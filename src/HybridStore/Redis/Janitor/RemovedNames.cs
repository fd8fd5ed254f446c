namespace HybridStore.Redis.Janitor;

/// <summary>What a janitor has removed.</summary>
internal sealed class RemovedNames
{
    /// <summary>Entries of earlier generations.</summary>
    public long Entries { get; set; }

    /// <summary>Tag sets of earlier generations.</summary>
    public long TagSets { get; set; }

    /// <summary>Expired members of tag sets.</summary>
    public long Members { get; set; }

    /// <summary>Fences of tags.</summary>
    public long TagFences { get; set; }
}
