using HybridStore.Fencing;
using HybridStore.Redis.Generations;

namespace HybridStore.Redis;

/// <param name="Leader">The claim.</param>
/// <param name="Generation">The generation of the partition.</param>
/// <param name="MarkBytes">The mark as it stands there; empty if there is none.</param>
/// <param name="Mark">The same; null if it is none that can be read.</param>
internal sealed record ClaimAnswer(PartitionLeader Leader, Generation Generation, byte[] MarkBytes, AppliedMark? Mark);
