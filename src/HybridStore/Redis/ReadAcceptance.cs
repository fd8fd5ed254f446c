namespace HybridStore.Redis;

/// <summary>What a caller accepts as an answer.</summary>
/// <param name="AllowReplicas">Whether replicas may answer.</param>
/// <param name="WithMark">Whether the applied marks are read along.</param>
/// <param name="IsBounded">Whether the caller judges by the marks how old entries may be, also after an outage.</param>
internal readonly record struct ReadAcceptance(bool AllowReplicas, bool WithMark, bool IsBounded);
