using HybridStore.Diagnostics;
using HybridStore.Fencing;
using HybridStore.Redis.Generations;
using HybridStore.Resilience;
using StackExchange.Redis;

namespace HybridStore.Redis;

/// <summary>Calls <c>store.lua</c>, for one entry or for many that one load has brought.</summary>
internal sealed class StoreCalls(RedisGenerations generations, RedisClock clock, TimeProvider timeProvider, RedisMetrics? metrics)
{
    // Redis answers nobody else meanwhile: about a millisecond.
    internal const int EntriesPerCall = 128;
    internal const int BytesPerCall = 256 * 1024;

    private const int FieldsOfEntry = 7;

    /// <summary>The keys of a call.</summary>
    /// <param name="commands">Entries of one partition.</param>
    /// <param name="layout">The layout.</param>
    /// <param name="partition">The partition.</param>
    /// <param name="tags">The place among the keys of each tag's set.</param>
    public static RedisKey[] KeysOf(
        IReadOnlyList<StoreCommand> commands, RedisLayout layout, int partition, out IReadOnlyDictionary<string, int> tags)
    {
        Dictionary<string, int>? places = null;
        var first = 1 + (2 * commands.Count);
        foreach (var command in commands)
        {
            foreach (var tag in command.Tags)
            {
                places ??= new Dictionary<string, int>(StringComparer.Ordinal);

                // Lua counts from one.
                places.TryAdd(tag, first + 1 + (2 * places.Count));
            }
        }

        var keys = new RedisKey[first + (2 * (places?.Count ?? 0))];
        keys[0] = layout.State(partition);
        for (var i = 0; i < commands.Count; i++)
        {
            keys[1 + (2 * i)] = commands[i].Lease.Generation.Entry(partition, commands[i].Key);
            keys[2 + (2 * i)] = layout.Guard(partition, commands[i].Key);
        }

        foreach (var (tag, place) in places ?? [])
        {
            keys[place - 1] = commands[0].Lease.Generation.TagSet(partition, tag);
            keys[place] = layout.TagFences(partition, tag);
        }

        tags = places ?? Untagged;
        return keys;
    }

    /// <summary>The arguments of a call.</summary>
    public static RedisValue[] ArgumentsOf(
        IReadOnlyList<StoreCommand> commands, IReadOnlyDictionary<string, int> tags, FencingTimes times)
    {
        // All are of one load, and so are their stamps.
        var load = commands[0];
        var numbers = load.Stamp is null ? 0 : 2 + load.Stamp.Xip.Length;
        var arguments = new RedisValue[6 + numbers + commands.Sum(static command => FieldsOfEntry + command.Tags.Count)];
        arguments[0] = (long)times.FenceTtl.TotalMilliseconds;
        arguments[1] = (load.IsStamped ? 1 : 0) + (load.IsFromStandby ? 2 : 0) + (load.IsOfPrimaryAlone ? 4 : 0);
        arguments[2] = load.Lease.Generation.Text;
        arguments[3] = load.BootMark.Text;
        arguments[4] = commands.Count;
        arguments[5] = numbers;
        if (load.Stamp is { } stamp)
        {
            arguments[6] = TransactionIds.Text(stamp.Xmin);
            arguments[7] = TransactionIds.Text(stamp.Xmax);
            for (var i = 0; i < stamp.Xip.Length; i++)
            {
                arguments[8 + i] = TransactionIds.Text(stamp.Xip[i]);
            }
        }

        var at = 6 + numbers;
        foreach (var command in commands)
        {
            arguments[at++] = command.Entry;
            arguments[at++] = Math.Max(1, (long)command.TimeToLive.TotalMilliseconds);
            arguments[at++] = (long)command.Grace.TotalMilliseconds;
            arguments[at++] = command.Key;
            arguments[at++] = command.Lease.Token;
            arguments[at++] = command.Lease.Sequence;
            arguments[at++] = command.Tags.Count;
            for (var i = 0; i < command.Tags.Count; i++)
            {
                arguments[at++] = tags[command.Tags[i]];
            }
        }

        return arguments;
    }

    /// <summary>Sends one entry. To be called within the circuit breaker.</summary>
    public async Task<StoreAnswer> SendAsync(RedisSession session, StoreCommand command) =>
        (await SendAsync(session, session.Layout.PartitionOf(command.Key), [command]).ConfigureAwait(false))[0];

    /// <summary>Sends many, which are on their way when this returns its tasks. None faults.</summary>
    public IReadOnlyList<StoreCall> Send(RedisSession session, IReadOnlyList<StoreCommand> commands) =>
    [
        .. CallsOf(session, commands).Select(call => new StoreCall(
            call.Places, SendSomeAsync(session, call.Partition, Array.ConvertAll(call.Places, place => commands[place])))),
    ];

    /// <summary>What goes in one call: of one partition and generation, and not too much.</summary>
    private static IEnumerable<(int Partition, int[] Places)> CallsOf(RedisSession session, IReadOnlyList<StoreCommand> commands)
    {
        var groups = Enumerable.Range(0, commands.Count).GroupBy(
            place => (Partition: session.Layout.PartitionOf(commands[place].Key), commands[place].Lease.Generation.Number));
        foreach (var group in groups)
        {
            var (places, bytes) = (new List<int>(), 0L);
            foreach (var place in group)
            {
                if (places.Count == EntriesPerCall || (places.Count > 0 && bytes + commands[place].Entry.Length > BytesPerCall))
                {
                    yield return (group.Key.Partition, [.. places]);
                    places.Clear();
                    bytes = 0;
                }

                places.Add(place);
                bytes += commands[place].Entry.Length;
            }

            yield return (group.Key.Partition, [.. places]);
        }
    }

    private async Task<RedisCallResult<StoreAnswer[]>> SendSomeAsync(RedisSession session, int partition, StoreCommand[] commands)
    {
        var beganAt = metrics?.Begin() ?? 0;
        var result = await session.Breakers[partition].ExecuteAsync(
            static call => call.This.SendAsync(call.session, call.partition, call.commands),
            (This: this, session, partition, commands),
            CancellationToken.None).ConfigureAwait(false);
        metrics?.End(beganAt, RedisOperation.Store, result.Status);
        return result;
    }

    private async Task<StoreAnswer[]> SendAsync(RedisSession session, int partition, StoreCommand[] commands)
    {
        var sentAt = timeProvider.GetTimestamp();
        var answer = await session.Database.ScriptEvaluateAsync(
            session.TextOf(RedisScript.Store),
            KeysOf(commands, session.Layout, partition, out var tags),
            ArgumentsOf(commands, tags, session.Fencing),
            CommandFlags.DemandMaster).ConfigureAwait(false);
        clock.Observe((long)answer[0], sentAt, timeProvider.GetTimestamp());
        var words = new StoreAnswer[commands.Length];
        for (var i = 0; i < words.Length; i++)
        {
            words[i] = StoreAnswers.Parse((string?)answer[1 + i]);
        }

        if (answer.Length > 1 + words.Length && GenerationRegister.TryParse((string?)answer[1 + words.Length], out var number))
        {
            session.Generations.Learn(partition, number, sentAt);
        }

        if (words.Contains(StoreAnswer.OtherDatabase))
        {
            // Behind the caller: whoever stores next has the same mark, and does it if this fails.
            _ = generations.RaiseForDatabaseAsync(session, partition, commands[0].BootMark);
        }

        return words;
    }

    private static IReadOnlyDictionary<string, int> Untagged { get; } = new Dictionary<string, int>();
}
