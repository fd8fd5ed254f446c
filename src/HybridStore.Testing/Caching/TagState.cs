namespace HybridStore.Testing.Caching;

/// <summary>What is known of a tag beside its entries. Not thread-safe.</summary>
internal sealed class TagState
{
    public Fences Fences { get; } = new();

    /// <summary>The number of its last invalidation.</summary>
    public long LastInvalidation { get; set; }

    /// <summary>The same of the last one whose write was not known.</summary>
    public long LastWithoutWrite { get; set; }

    /// <summary>When the numbers are forgotten.</summary>
    public long Until { get; set; }
}
