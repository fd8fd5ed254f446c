using HybridStore.Redis.Generations;
using HybridStore.Resilience;
using HybridStore.Serialization;
using StackExchange.Redis;

namespace HybridStore.Redis.Inspecting;

/// <summary>Looks at what Redis holds about a key, for people: it changes nothing, and also asks while the circuit is open.</summary>
internal static class KeyInspector
{
    /// <summary>What is there of a key.</summary>
    /// <param name="session">The session.</param>
    /// <param name="key">The key.</param>
    /// <param name="proven">The generation in which a read would go without asking; null if it would ask first.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async ValueTask<RedisCallResult<KeyInspection>> InspectAsync(
        RedisSession session, string key, Generation? proven, CancellationToken cancellationToken)
    {
        var partition = session.Layout.PartitionOf(key);
        var generation = proven ?? session.Generations.Current;
        while (true)
        {
            var result = await session.Breakers[partition].ExecuteBypassingAsync(
                static call => InspectAsync(call.session, call.partition, call.key, call.generation),
                (session, partition, key, generation),
                cancellationToken).ConfigureAwait(false);

            // Who asks first is told of a raise, and reads in the new generation. Each turn is one raise, so this ends.
            if (proven is not null
                || !result.TryGetValue(out var found)
                || found.Recorded is not { } recorded
                || recorded <= (generation?.Number ?? 0))
            {
                return result;
            }

            generation = session.Generations.Of(recorded);
        }
    }

    private static async Task<KeyInspection> InspectAsync(RedisSession session, int partition, string key, Generation? generation)
    {
        RedisKey guard = session.Layout.Guard(partition, key), state = session.Layout.State(partition);
        var answer = await session.Database.ScriptEvaluateAsync(
            session.TextOf(RedisScript.Explain),
            generation is null ? [guard, state] : [guard, state, generation.Entry(partition, key)],
            [EntryHeader.MaximumLength],
            CommandFlags.DemandMaster).ConfigureAwait(false);
        return KeyInspection.Of(answer, generation);
    }
}
