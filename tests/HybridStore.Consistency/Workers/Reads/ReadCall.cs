using HybridStore.Consistency.Keys;

namespace HybridStore.Consistency.Workers.Reads;

/// <summary>One read, and whether its own load ran.</summary>
internal sealed class ReadCall(SoakKey key, IHybridStore store)
{
    public SoakKey Key => key;

    public IHybridStore Store => store;

    public bool Loaded { get; set; }

    /// <summary>How long a load keeps what it has read before it returns: time for others to overtake it.</summary>
    public TimeSpan Hold { get; init; }
}
