using HybridStore.Consistency.Keys;

namespace HybridStore.Consistency.Workers.Reads;

/// <summary>One read, and whether its own load ran.</summary>
internal sealed class ReadCall(SoakKey key, IHybridStore store)
{
    public SoakKey Key => key;

    public IHybridStore Store => store;

    public bool Loaded { get; set; }
}
