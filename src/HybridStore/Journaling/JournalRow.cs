namespace HybridStore.Journaling;

/// <summary>What one statement, or one write of an application's, has changed.</summary>
/// <param name="TransactionId">The xid of its transaction.</param>
/// <param name="WrittenAt">When it was written down, in microseconds since the Unix epoch on PostgreSQL's clock.</param>
/// <param name="Keys">The keys.</param>
/// <param name="Tags">The tags.</param>
/// <param name="IsEverything">Whether it cannot be told, and the whole cache is concerned.</param>
/// <param name="Skipped">How many names were left out, because a column of theirs was null.</param>
internal readonly record struct JournalRow(
    ulong TransactionId, long WrittenAt, string[] Keys, string[] Tags, bool IsEverything, int Skipped);
