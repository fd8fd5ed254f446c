namespace HybridStore;

/// <summary>A write that has invalidated a key or a tag: what is stored from then on has to reflect it. Part of
/// <see cref="ExplainedFences"/>.</summary>
/// <param name="TransactionId">The id of its PostgreSQL transaction.</param>
/// <param name="IsBeforeCommit">Whether it was set before that transaction's COMMIT could be seen.</param>
/// <param name="IsSeen">Whether the entry's stamp sees it. <see langword="null"/> if there is no entry with a stamp.</param>
public sealed record ExplainedFence(ulong TransactionId, bool IsBeforeCommit, bool? IsSeen);
