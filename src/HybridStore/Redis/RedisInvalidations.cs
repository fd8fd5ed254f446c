using HybridStore.Diagnostics;
using HybridStore.Fencing;
using HybridStore.Redis.Generations;
using HybridStore.Resilience;
using StackExchange.Redis;

namespace HybridStore.Redis;

/// <summary>Invalidations in Redis: one pipelined call for each partition, and further ones only for the members of large tag sets. Trouble
/// is an outcome and never an exception; repeating an invalidation is harmless.</summary>
internal sealed class RedisInvalidations(
    RedisConnection connection,
    RedisGenerations generations,
    RedisClock clock,
    TimeProvider timeProvider,
    ProtocolUnderTest? test = null,
    RedisMetrics? metrics = null)
{
    /// <summary>Members of tag sets that one call visits: a millisecond or two of Redis's time.</summary>
    internal const int MembersPerCall = 500;

    /// <summary>Keys and tags that one call names.</summary>
    internal const int NamesPerCall = 500;

    /// <summary>Fences that are remembered one by one, for a key or a tag.</summary>
    internal const int ExactFences = 64;

    /// <summary>Applies an invalidation. False if any part could not be applied.</summary>
    /// <param name="keys">Keys.</param>
    /// <param name="tags">Tags.</param>
    /// <param name="fence">The write where it is known.</param>
    /// <param name="probing">Also call while the circuit is open, for those who queue and try again by themselves.</param>
    /// <param name="spared">The leases of the write itself, by their keys: they are not revoked.</param>
    public async Task<bool> ApplyAsync(
        IReadOnlyCollection<string> keys,
        IReadOnlyCollection<string> tags,
        Fence? fence,
        bool probing,
        IReadOnlyDictionary<string, Lease>? spared = null)
    {
        if (connection.Session is not { } session)
        {
            connection.Start();
            return false;
        }

        var plan = InvalidationPlan.Of(session.Layout, keys, tags, NamesPerCall);
        var calls = plan.ConvertAll(call => ApplyAsync(session, call, new Cause(fence, spared, null), probing));
        var applied = true;
        foreach (var call in calls)
        {
            applied &= await call.ConfigureAwait(false);
        }

        return applied;
    }

    /// <summary>Applies what the journal tells of one partition, for its leader. False if it could not be applied, or another leads.</summary>
    /// <param name="session">The session.</param>
    /// <param name="call">Keys and tags, with the write of each.</param>
    /// <param name="bootMark">What database counted the writes.</param>
    /// <param name="leader">Whose calls the partition counts.</param>
    public Task<bool> ApplyJournalAsync(RedisSession session, InvalidationCall call, BootMark bootMark, PartitionLeader leader) =>
        ApplyAsync(session, call, new Cause(new Fence(call.TransactionIds![0], bootMark, IsCommitted: true), null, leader), probing: true);

    /// <summary>Invalidates everything. When this returns nobody reads any more what was in Redis before. False if any partition could not
    /// be reached.</summary>
    /// <param name="floor">The largest xid of what may not be visible yet and has to be reflected by all loads from now on.</param>
    /// <param name="probing">Also call while the circuit is open.</param>
    /// <param name="cancellationToken">Ends the wait for other instances.</param>
    public async Task<bool> ApplyToEverythingAsync(ulong? floor, bool probing, CancellationToken cancellationToken)
    {
        if (connection.Session is not { } session)
        {
            connection.Start();
            return false;
        }

        if (!await generations.RaiseAsync(session, floor, probing).ConfigureAwait(false))
        {
            return false;
        }

        // Whoever has not heard of it by then does not read from Redis without asking.
        await Task.Delay(GenerationRegister.ProofTime * 1.05, timeProvider, cancellationToken).ConfigureAwait(false);
        return true;
    }

    private async Task<bool> ApplyAsync(RedisSession session, InvalidationCall call, Cause cause, bool probing)
    {
        // In the generation that is in force everything is fenced first; then the same names go where others may still be reading.
        var fencing = new Stage(cause, Current: true);
        var first = await SendAsync(session, call, fencing, probing).ConfigureAwait(false);
        if (!first.TryGetValue(out var progress))
        {
            return false;
        }

        if (progress.IsFromOtherDatabase)
        {
            // No stamp can be compared with this write: everything that is named goes.
            cause = cause with { Fence = cause.Fence!.Value with { BootMark = BootMark.Unknown } };
            first = await SendAsync(session, call, fencing with { Cause = cause }, probing).ConfigureAwait(false);
            if (!first.TryGetValue(out progress))
            {
                return false;
            }
        }

        var earlier = progress.Earlier;
        if (!await FinishAsync(session, call, cause, progress, probing).ConfigureAwait(false))
        {
            return false;
        }

        foreach (var text in earlier ?? [])
        {
            if (!GenerationRegister.TryParse((string?)text, out var number))
            {
                continue;
            }

            var removal = new Stage(cause, Current: false) { In = session.Generations.Of(number) };
            var result = await SendAsync(session, call, removal, probing).ConfigureAwait(false);
            if (!result.TryGetValue(out progress)
                || !await FinishAsync(session, call, cause, progress, probing).ConfigureAwait(false))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Visits the members that a call has left, in the generation in which it was made.</summary>
    private async Task<bool> FinishAsync(
        RedisSession session, InvalidationCall call, Cause cause, Progress progress, bool probing)
    {
        while (progress.UnfinishedTag != 0)
        {
            call = call.From(progress.UnfinishedTag);
            var stage = new Stage(cause, Current: false)
            {
                In = progress.Generation,
                Score = progress.Score,
                Member = progress.Member,
            };
            var result = await SendAsync(session, call, stage, probing).ConfigureAwait(false);
            if (!result.TryGetValue(out progress))
            {
                return false;
            }
        }

        return true;
    }

    private async ValueTask<RedisCallResult<Progress>> SendAsync(
        RedisSession session, InvalidationCall call, Stage stage, bool probing)
    {
        await test.PassAsync(stage.Current ? ProtocolStep.Invalidate : ProtocolStep.InvalidateMore).ConfigureAwait(false);
        var breaker = session.Breakers[call.Partition];
        var state = (this, session, call, stage);
        var beganAt = metrics?.Begin() ?? 0;
        var result = probing
            ? await breaker.ExecuteBypassingAsync(Send, state, CancellationToken.None).ConfigureAwait(false)
            : await breaker.ExecuteAsync(Send, state, CancellationToken.None).ConfigureAwait(false);
        metrics?.End(beganAt, RedisOperation.Invalidate, result.Status);
        if (stage.Cause.Leader is { } leader && result.TryGetValue(out var progress))
        {
            if (progress.IsOfAnotherLeader)
            {
                return RedisCallResult<Progress>.Refused;
            }

            if (!progress.IsFromOtherDatabase)
            {
                leader.Count();
            }
        }

        return result;

        static Task<Progress> Send((RedisInvalidations This, RedisSession Session, InvalidationCall Call, Stage Stage) state) =>
            state.This.SendAsync(state.Session, state.Call, state.Stage);
    }

    private async Task<Progress> SendAsync(RedisSession session, InvalidationCall call, Stage stage)
    {
        if (stage.In is { } fixedGeneration)
        {
            var sentAt = timeProvider.GetTimestamp();
            var answer = await EvaluateAsync(session, call, stage, fixedGeneration).ConfigureAwait(false);
            clock.Observe((long)answer[0], sentAt, timeProvider.GetTimestamp());
            return Progress.Of(answer, fixedGeneration);
        }

        var (told, generation) = await generations.RunAsync(
            session, call.Partition, current => EvaluateAsync(session, call, stage, current)).ConfigureAwait(false);
        return Progress.Of(told, generation);
    }

    private static Task<RedisResult> EvaluateAsync(RedisSession session, InvalidationCall call, Stage stage, Generation generation) =>
        session.Database.ScriptEvaluateAsync(
            session.TextOf(RedisScript.Invalidate),
            call.Names(session.Layout, generation),
            [
                call.Keys.Count,
                call.TransactionIds is { } several ? string.Join(',', several) : TransactionIds.Text(stage.Cause.Fence?.TransactionId),
                stage.Cause.Fence is { IsCommitted: false } ? 0 : 1,
                (long)session.Fencing.FenceTtl.TotalMilliseconds,
                ExactFences,
                (byte[])generation.EntryPrefix(call.Partition)!,
                MembersPerCall,
                stage.Score,
                stage.Member,
                stage.Current ? generation.Text : "",
                stage.Cause.Fence?.BootMark.Text ?? "",
                (byte[])session.Layout.TagFencesPrefix(call.Partition)!,
                stage.Cause.Leader is { } leader ? leader.Token : RedisValue.EmptyString,
                .. stage.Cause.TokensFor(call.Keys),
            ],
            CommandFlags.DemandMaster);

    /// <param name="Fence">The write.</param>
    /// <param name="Spared">The leases that are not revoked.</param>
    /// <param name="Leader">Null but for the journal's leader.</param>
    private readonly record struct Cause(Fence? Fence, IReadOnlyDictionary<string, Lease>? Spared, PartitionLeader? Leader)
    {
        public RedisValue[] TokensFor(IReadOnlyList<string> keys)
        {
            var spared = Spared;
            return spared is null
                ? []
                : [.. keys.Select(key => spared.TryGetValue(key, out var lease) ? (RedisValue)lease.Token : RedisValue.EmptyString)];
        }
    }

    /// <param name="Cause">What is invalidated for.</param>
    /// <param name="Current">Whether to fence, in the generation that is in force. If not, to remove only.</param>
    private readonly record struct Stage(Cause Cause, bool Current)
    {
        /// <summary>The generation to remove in.</summary>
        public Generation? In { get; init; }

        public RedisValue Score { get; init; } = RedisValue.EmptyString;

        public RedisValue Member { get; init; } = RedisValue.EmptyString;
    }

    private readonly record struct Progress(
        Generation Generation,
        RedisResult[]? Earlier,
        bool IsFromOtherDatabase,
        int UnfinishedTag,
        RedisValue Score,
        RedisValue Member)
    {
        public bool IsOfAnotherLeader { get; private init; }

        public static Progress Of(RedisResult answer, Generation generation) => (string?)answer[1] switch
        {
            "members" => new Progress(
                generation, (RedisResult[]?)answer[2], false, (int)answer[3], (RedisValue)answer[4], (RedisValue)answer[5]),
            "database" => new Progress(generation, null, true, 0, default, default),
            "leader" => new Progress(generation, null, false, 0, default, default) { IsOfAnotherLeader = true },
            _ => new Progress(generation, (RedisResult[]?)answer[2], false, 0, default, default),
        };
    }
}
