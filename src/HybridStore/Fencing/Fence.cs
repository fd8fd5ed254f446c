namespace HybridStore.Fencing;

/// <summary>The write that an invalidation speaks for: what is stored from then on has to reflect it.</summary>
/// <param name="TransactionId">The xid of the write.</param>
/// <param name="BootMark">What database counted it. Unknown: stamps cannot be compared with it, and entries go whatever theirs says.</param>
/// <param name="IsCommitted">Whether the write's commit can be seen. If not, loads without a stamp are not stored while the fence
/// stands.</param>
internal readonly record struct Fence(ulong TransactionId, BootMark BootMark, bool IsCommitted);
