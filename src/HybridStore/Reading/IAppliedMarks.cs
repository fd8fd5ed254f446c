using HybridStore.Redis;

namespace HybridStore.Reading;

/// <summary>Says what an applied mark means for the entry that was read with it.</summary>
internal interface IAppliedMarks
{
    /// <summary>To be awaited before a read with a bound: without a clock no mark has an age.</summary>
    ValueTask PrepareAsync(CancellationToken cancellationToken);

    /// <summary>Whether the entry reflects everything that had been committed so long ago.</summary>
    bool IsWithin(in FoundEntry found, TimeSpan bound);

    /// <summary>Whether everything is applied to the entry that a write, which the journal knows, has changed.</summary>
    bool HaveApplied(in FoundEntry found, ulong write);
}
