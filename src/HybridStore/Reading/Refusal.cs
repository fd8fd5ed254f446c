using HybridStore.Diagnostics;

namespace HybridStore.Reading;

/// <summary>Why what was read of the cache is not served.</summary>
/// <param name="Result">How the read is counted.</param>
/// <param name="Seen">The identity of the entry that is of no use; empty if there was none. Null where Redis is not to be asked for a lease
/// either.</param>
/// <param name="Cause">Why the entry is of no use. Null if there was none: then it is known once the lease has been asked for.</param>
internal readonly record struct Refusal(ReadResult Result, ReadOnlyMemory<byte>? Seen = null, string? Cause = null);
