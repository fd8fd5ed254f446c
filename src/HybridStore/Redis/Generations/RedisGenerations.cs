using HybridStore.Diagnostics;
using HybridStore.Fencing;
using HybridStore.Resilience;
using StackExchange.Redis;

namespace HybridStore.Redis.Generations;

/// <summary>Asks Redis in which generation its partitions are, and raises it.</summary>
internal sealed class RedisGenerations(RedisClock clock, TimeProvider timeProvider, RedisMetrics? metrics = null)
{
    // Each attempt is told of a number that was raised since the one before.
    private const int MostAttempts = 5;

    /// <summary>Asks for the generation of a partition. Those who come meanwhile share the question.</summary>
    public async ValueTask<RedisCallResult<Generation>> ProveAsync(
        RedisSession session, int partition, CancellationToken cancellationToken)
    {
        var arrivedAt = timeProvider.GetTimestamp();
        for (var attempt = 0; ; attempt++)
        {
            if (session.Generations.IsProvenAt(partition, arrivedAt))
            {
                return RedisCallResult<Generation>.Ok(session.Generations.Current!);
            }

            if (attempt == MostAttempts || (session.Breakers[partition].IsSuspect && session.Questions.IsUnderWay(partition)))
            {
                return RedisCallResult<Generation>.Refused;
            }

            // A question of somebody else's may have been under way for too long, or fail by what goes along with it.
            var result = await session.Questions.AskAsync(partition, () => AskGuardedAsync(session, partition), out var isOwn)
                .WaitAsync(cancellationToken).ConfigureAwait(false);
            if (isOwn && !result.TryGetValue(out _))
            {
                return result;
            }
        }
    }

    /// <summary>The same together with a read, in one round trip and as one call of the circuit breaker.</summary>
    /// <param name="session">The session.</param>
    /// <param name="partition">The partition.</param>
    /// <param name="read">The read, which is sent behind the question.</param>
    /// <param name="isOwn">False if somebody else asks at the moment: then nothing was read.</param>
    public Task<RedisCallResult<Generation>> ProveAlongAsync(
        RedisSession session, int partition, ReadAlong read, out bool isOwn) =>
        session.Questions.AskAsync(
            partition,
            () => Measured(metrics?.Begin() ?? 0, session.Breakers[partition].ExecuteAsync(
                static call => call.This.SendAlongAsync(call.session, call.partition, call.read),
                (This: this, session, partition, read),
                CancellationToken.None)).AsTask(),
            out isOwn);

    /// <summary>The same behind a reader, who does not wait for it. Whatever becomes of it, the next reader finds out.</summary>
    public void ProveBehind(RedisSession session, int partition) =>
        _ = session.Questions.AskAsync(partition, () => AskGuardedAsync(session, partition), out _);

    /// <summary>Runs a script that compares its caller's generation with its partition's. If it is told of another one, it is sent again
    /// with that. To be called within the circuit breaker; throws what the client throws.</summary>
    /// <returns>The script's answer, and the generation in which it was given.</returns>
    public async Task<(RedisResult Answer, Generation Generation)> RunAsync(
        RedisSession session, int partition, Func<Generation, Task<RedisResult>> send)
    {
        for (var attempt = 0; attempt < MostAttempts; attempt++)
        {
            var generation = session.Generations.Current ?? await LearnAsync(session, partition).ConfigureAwait(false);
            var sentAt = timeProvider.GetTimestamp();
            var answer = await send(generation).ConfigureAwait(false);
            clock.Observe((long)answer[0], sentAt, timeProvider.GetTimestamp());
            if ((string?)answer[1] != "generation")
            {
                session.Generations.Learn(partition, generation.Number, sentAt);
                return (answer, generation);
            }

            await LearnAsync(session, partition).ConfigureAwait(false);
        }

        throw new TimeoutException("The generation of the cache was raised again and again while a script was to run in it.");
    }

    /// <summary>Raises the generation of all partitions: nothing that is in Redis now will be read there again. Others may read in the
    /// generation before for <see cref="GenerationRegister.ProofTime"/> more.</summary>
    /// <param name="session">The session.</param>
    /// <param name="floor">The largest xid of what may not be visible yet and has to be reflected by all loads from now on.</param>
    /// <param name="probing">Also call while the circuit is open.</param>
    /// <returns>False if any partition could not be reached.</returns>
    public async Task<bool> RaiseAsync(RedisSession session, ulong? floor, bool probing) =>
        !(await RaiseEachAsync(session, first: 0, new Reason("raise", BootMark.Unknown, floor), probing).ConfigureAwait(false)).Contains(false);

    /// <summary>The same for whoever goes on with the partitions that could be reached. The others take the number over when they are asked
    /// again.</summary>
    /// <param name="session">The session.</param>
    /// <param name="first">The partition that chooses the number.</param>
    /// <returns>For each partition whether it has been reached.</returns>
    public Task<bool[]> RaiseEachAsync(RedisSession session, int first) =>
        RaiseEachAsync(session, first, new Reason("raise", BootMark.Unknown, null), probing: true);

    /// <summary>Raises the generation unless its stamps are from this database already.</summary>
    /// <param name="session">The session.</param>
    /// <param name="partition">The partition that has refused a stamp of this database.</param>
    /// <param name="bootMark">The database's.</param>
    public Task RaiseForDatabaseAsync(RedisSession session, int partition, BootMark bootMark) =>
        RaiseEachAsync(session, partition, new Reason("database", bootMark, null), probing: false);

    private async Task<bool[]> RaiseEachAsync(RedisSession session, int first, Reason reason, bool probing)
    {
        // One partition chooses the number, the others take it over.
        var reached = new bool[session.Layout.Partitions.Count];
        var chosen = await GuardedAsync(session, first, reason, probing).ConfigureAwait(false);
        if (!chosen.TryGetValue(out _))
        {
            return reached;
        }

        reached[first] = true;
        await Task.WhenAll(Enumerable.Range(0, reached.Length).Where(partition => partition != first).Select(FollowAsync)).ConfigureAwait(false);
        return reached;

        async Task FollowAsync(int partition)
        {
            var result = await GuardedAsync(session, partition, reason with { Word = "" }, probing).ConfigureAwait(false);
            reached[partition] = result.TryGetValue(out _);
        }
    }

    /// <summary>Asks whatever was told before.</summary>
    public Task<RedisCallResult<Generation>> AskAsync(RedisSession session, int partition) => AskGuardedAsync(session, partition);

    private Task<RedisCallResult<Generation>> AskGuardedAsync(RedisSession session, int partition) =>
        GuardedAsync(session, partition, Reason.None, probing: false).AsTask();

    private ValueTask<RedisCallResult<Generation>> GuardedAsync(RedisSession session, int partition, Reason reason, bool probing)
    {
        var breaker = session.Breakers[partition];
        return Measured(
            metrics?.Begin() ?? 0,
            probing
                ? breaker.ExecuteBypassingAsync(Send, (this, session, partition, reason), CancellationToken.None)
                : breaker.ExecuteAsync(Send, (this, session, partition, reason), CancellationToken.None));

        static Task<Generation> Send((RedisGenerations This, RedisSession Session, int Partition, Reason Reason) call) =>
            call.This.SendAsync(call.Session, call.Partition, call.Reason);
    }

    private ValueTask<RedisCallResult<Generation>> Measured(long beganAt, ValueTask<RedisCallResult<Generation>> call) =>
        metrics?.Measure(beganAt, RedisOperation.Generation, call) ?? call;

    private async Task<Generation> SendAlongAsync(RedisSession session, int partition, ReadAlong read)
    {
        var asked = LearnAsync(session, partition);
        try
        {
            read.Value = await session.Database.StringGetAsync(read.Key, read.Flags).ConfigureAwait(false);
        }
        finally
        {
            await ((Task)asked).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return await asked.ConfigureAwait(false);
    }

    private Task<Generation> LearnAsync(RedisSession session, int partition) => SendAsync(session, partition, Reason.None);

    private async Task<Generation> SendAsync(RedisSession session, int partition, Reason reason)
    {
        var sentAt = timeProvider.GetTimestamp();
        var answer = await session.Database.ScriptEvaluateAsync(
            session.TextOf(RedisScript.Generation),
            [session.Layout.State(partition)],
            [
                session.Generations.Current?.Text ?? "0",
                reason.Word,
                (long)GenerationRegister.Grace.TotalMilliseconds,
                reason.BootMark.Text,
                TransactionIds.Text(reason.Floor),
                (long)session.Fencing.FenceTtl.TotalMilliseconds,
            ],
            CommandFlags.DemandMaster).ConfigureAwait(false);
        clock.Observe((long)answer[0], sentAt, timeProvider.GetTimestamp());
        return GenerationRegister.TryParse((string?)answer[1], out var number)
            ? session.Generations.Learn(partition, number, sentAt)
            : throw new RedisException("The state of a partition holds no generation.");
    }

    private readonly record struct Reason(string Word, BootMark BootMark, ulong? Floor)
    {
        public static Reason None { get; } = new("", BootMark.Unknown, null);
    }
}
