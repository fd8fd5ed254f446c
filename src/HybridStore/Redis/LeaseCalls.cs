using System.Globalization;
using HybridStore.Diagnostics;
using HybridStore.Fencing;
using HybridStore.Redis.Generations;
using HybridStore.Resilience;
using StackExchange.Redis;

namespace HybridStore.Redis;

/// <summary>Calls <c>lease.lua</c>, for one key or many.</summary>
internal sealed class LeaseCalls(RedisGenerations generations, RedisMetrics? metrics)
{
    // Redis answers nobody else meanwhile: some tenths of a millisecond.
    internal const int KeysPerCall = 128;

    /// <summary>Asks for one lease. To be called within the circuit breaker.</summary>
    public async Task<LeaseAnswer> SendAsync(
        RedisSession session, int partition, string key, ReadOnlyMemory<byte> seen, LeasePurpose purpose) =>
        (await SendManyAsync(session, partition, [(key, seen)], purpose).ConfigureAwait(false))[0];

    /// <summary>Asks for many, each partition by itself.</summary>
    /// <returns>An answer for each key, in their order.</returns>
    public async ValueTask<RedisCallResult<LeaseAnswer>[]> AcquireAsync(
        RedisSession session,
        IReadOnlyList<(string Key, ReadOnlyMemory<byte> Seen)> keys,
        LeasePurpose purpose,
        CancellationToken cancellationToken)
    {
        var answers = new RedisCallResult<LeaseAnswer>[keys.Count];
        await Task.WhenAll(Enumerable.Range(0, keys.Count)
            .GroupBy(position => session.Layout.PartitionOf(keys[position].Key))
            .SelectMany(ofPartition => ofPartition.Chunk(KeysPerCall), (ofPartition, positions) => (ofPartition.Key, positions))
            .Select(call => AcquireSomeAsync(call.Key, call.positions))).ConfigureAwait(false);
        return answers;

        async Task AcquireSomeAsync(int partition, int[] positions)
        {
            var beganAt = metrics?.Begin() ?? 0;
            var result = await session.Breakers[partition].ExecuteAsync(
                static call => call.This.SendManyAsync(call.session, call.partition, call.keys, call.purpose),
                (This: this, session, partition, keys: Array.ConvertAll(positions, position => keys[position]), purpose),
                cancellationToken).ConfigureAwait(false);
            metrics?.End(beganAt, RedisOperation.Lease, result.Status);
            for (var i = 0; i < positions.Length; i++)
            {
                answers[positions[i]] = result.TryGetValue(out var granted)
                    ? RedisCallResult<LeaseAnswer>.Ok(granted[i])
                    : result.WithoutValue<LeaseAnswer>();
            }
        }
    }

    private async Task<LeaseAnswer[]> SendManyAsync(
        RedisSession session, int partition, (string Key, ReadOnlyMemory<byte> Seen)[] keys, LeasePurpose purpose)
    {
        var tokens = Array.ConvertAll(keys, _ => Lease.NewToken());
        var (answer, generation) = await generations.RunAsync(
            session,
            partition,
            current => session.Database.ScriptEvaluateAsync(
                session.TextOf(RedisScript.Lease),
                NamesOf(session, current, partition, keys),
                ArgumentsOf(session, current, keys, tokens, purpose),
                CommandFlags.DemandMaster)).ConfigureAwait(false);
        var answers = new LeaseAnswer[keys.Length];
        for (var i = 0; i < keys.Length; i++)
        {
            answers[i] = Read(answer, answer[4 + i], tokens[i], generation);
        }

        return answers;
    }

    private static RedisKey[] NamesOf(
        RedisSession session, Generation generation, int partition, (string Key, ReadOnlyMemory<byte> Seen)[] keys)
    {
        var names = new RedisKey[1 + (2 * keys.Length)];
        names[0] = session.Layout.State(partition);
        for (var i = 0; i < keys.Length; i++)
        {
            names[1 + (2 * i)] = generation.Entry(partition, keys[i].Key);
            names[2 + (2 * i)] = session.Layout.Guard(partition, keys[i].Key);
        }

        return names;
    }

    private static RedisValue[] ArgumentsOf(
        RedisSession session, Generation generation, (string Key, ReadOnlyMemory<byte> Seen)[] keys, byte[][] tokens, LeasePurpose purpose)
    {
        var times = Times(session, generation, purpose);
        var arguments = new RedisValue[times.Length + (2 * keys.Length)];
        times.CopyTo(arguments, 0);
        for (var i = 0; i < keys.Length; i++)
        {
            arguments[times.Length + (2 * i)] = tokens[i];
            arguments[times.Length + 1 + (2 * i)] = keys[i].Seen;
        }

        return arguments;
    }

    private static RedisValue[] Times(RedisSession session, Generation generation, LeasePurpose purpose) =>
    [
        (long)session.Fencing.LeaseDuration.TotalMilliseconds,
        (long)session.Fencing.FenceTtl.TotalMilliseconds,
        generation.Text,
        purpose switch
        {
            LeasePurpose.Write => "write",
            LeasePurpose.WarmUp => "warm",
            _ => "read",
        },
    ];

    private static LeaseAnswer Read(RedisResult all, RedisResult answer, byte[] token, Generation generation)
    {
        if (answer.Resp2Type == ResultType.Integer)
        {
            var fences = (int)answer;
            return new LeaseAnswer(
                new Lease(token, (long)all[2], generation, HighOf(all)) { Fences = fences }, RedisValue.Null, fences);
        }

        return (string?)answer[0] switch
        {
            "entry" => new LeaseAnswer(null, (RedisValue)answer[1]),
            "held" => new LeaseAnswer(null, RedisValue.Null, (int)answer[2]),
            _ => default,
        };
    }

    private static ulong? HighOf(RedisResult answer) =>
        ulong.TryParse((string?)answer[3], NumberStyles.None, CultureInfo.InvariantCulture, out var high) ? high : null;
}
