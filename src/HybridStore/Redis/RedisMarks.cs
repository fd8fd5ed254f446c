using HybridStore.Fencing;
using HybridStore.Redis.Generations;
using HybridStore.Resilience;
using StackExchange.Redis;

namespace HybridStore.Redis;

/// <summary>Claims partitions for the leader of the journal, and writes their applied marks.</summary>
internal sealed class RedisMarks(RedisGenerations generations)
{
    /// <summary>Makes the caller the leader of a partition.</summary>
    public ValueTask<RedisCallResult<ClaimAnswer>> ClaimAsync(RedisSession session, int partition) =>
        session.Breakers[partition].ExecuteBypassingAsync(
            static call => call.This.SendClaimAsync(call.session, call.partition), (This: this, session, partition), CancellationToken.None);

    /// <summary>Writes a mark. False if the partition has to be claimed anew.</summary>
    /// <param name="session">The session.</param>
    /// <param name="partition">The partition.</param>
    /// <param name="leader">The claim.</param>
    /// <param name="previous">The bytes of the mark before; empty if there was none.</param>
    /// <param name="mark">The mark.</param>
    /// <param name="generation">The generation that stands in it.</param>
    public static ValueTask<RedisCallResult<bool>> MarkAsync(
        RedisSession session, int partition, PartitionLeader leader, byte[] previous, byte[] mark, Generation generation) =>
        session.Breakers[partition].ExecuteBypassingAsync(
            static call => SendMarkAsync(call.session, call.partition, call.leader, call.previous, call.mark, call.generation),
            (session, partition, leader, previous, mark, generation),
            CancellationToken.None);

    private async Task<ClaimAnswer> SendClaimAsync(RedisSession session, int partition)
    {
        var leader = new PartitionLeader(Guid.NewGuid().ToString("N"));
        var (answer, generation) = await generations.RunAsync(
            session,
            partition,
            current => session.Database.ScriptEvaluateAsync(
                session.TextOf(RedisScript.Claim),
                [session.Layout.State(partition), session.Layout.Mark(partition)],
                [leader.Token, current.Text],
                CommandFlags.DemandMaster)).ConfigureAwait(false);
        var bytes = (byte[]?)answer[2] ?? [];
        return new ClaimAnswer(leader, generation, bytes, AppliedMark.TryParse(bytes, out var mark) ? mark : null);
    }

    private static async Task<bool> SendMarkAsync(
        RedisSession session, int partition, PartitionLeader leader, byte[] previous, byte[] mark, Generation generation)
    {
        var answer = await session.Database.ScriptEvaluateAsync(
            session.TextOf(RedisScript.Mark),
            [session.Layout.State(partition), session.Layout.Mark(partition)],
            [leader.Token, leader.Calls, generation.Text, previous, mark],
            CommandFlags.DemandMaster).ConfigureAwait(false);
        return (string?)answer[1] == "marked";
    }
}
