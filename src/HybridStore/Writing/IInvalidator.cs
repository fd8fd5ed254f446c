namespace HybridStore.Writing;

/// <summary>Where a committed write's invalidation goes.</summary>
internal interface IInvalidator
{
    /// <summary>Applies or queues it. Never throws, whatever the state of Redis.</summary>
    Task<InvalidationReceipt> InvalidateAsync(Invalidation what);
}
