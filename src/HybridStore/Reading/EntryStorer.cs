using HybridStore.Diagnostics;
using HybridStore.Fencing;
using HybridStore.Policies;
using HybridStore.Redis;
using HybridStore.Resilience;
using HybridStore.Serialization;
using HybridStore.Usage;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace HybridStore.Reading;

/// <summary>Stores what was loaded, behind its callers. Whatever goes wrong costs a later load and nothing else.</summary>
internal sealed class EntryStorer(
    IEntryCache gateway,
    EntryCodec codec,
    StoreMetrics metrics,
    KnownEntries known,
    ILogger logger,
    ProtocolUnderTest? test = null,
    NegativeEntryLimit? negatives = null)
{
    private static readonly Task<bool> NotStored = Task.FromResult(false);

    /// <summary>Encodes the value and sends it. The command is on its way when this returns its task; the task says whether the cache has
    /// taken the value, and never faults.</summary>
    public Task<bool> StoreAsync<TState, T>(
        in LoadRequest<TState, T> request, T value, LoadContext context, TimeSpan duration, Lease lease) =>
        TryPrepare(request, value, context, duration, lease, out var encoded) is { } command
            ? SendAsync(command, encoded!, request.Settings.Policy)
            : NotStored;

    /// <summary>The same for values that one load has brought: they are sent together, in a few calls.</summary>
    /// <returns>The calls: which of the values, and for each of those whether the cache has taken it. None faults. Values that are not to be
    /// stored are in none.</returns>
    public IReadOnlyList<StoredValues> StoreMany<TState, T>(IReadOnlyList<StorableEntry<TState, T>> entries, TimeSpan duration)
    {
        var (places, commands, encoded) = (new List<int>(entries.Count), new List<StoreCommand>(entries.Count), new List<EncodeResult>(entries.Count));
        for (var i = 0; i < entries.Count; i++)
        {
            var (request, value, context, lease) = entries[i];
            if (TryPrepare(request, value, context, duration, lease, out var bytes) is { } command)
            {
                places.Add(i);
                commands.Add(command);
                encoded.Add(bytes!);
            }
        }

        return commands.Count == 0
            ? []
            : [.. gateway.StoreMany(commands).Select(call => new StoredValues(Array.ConvertAll(call.Places, place => places[place]), FinishAsync(call)))];

        async Task<bool[]> FinishAsync(StoreCall call)
        {
            var result = await call.Answers.ConfigureAwait(false);
            return Array.ConvertAll([.. Enumerable.Range(0, call.Places.Length)], i => Finish(
                result.TryGetValue(out var answers) ? RedisCallResult<StoreAnswer>.Ok(answers[i]) : result.WithoutValue<StoreAnswer>(),
                encoded[call.Places[i]],
                commands[call.Places[i]],
                entries[places[call.Places[i]]].Request.Settings.Policy));
        }
    }

    /// <summary>What is to be sent. Null where the value is not stored, which is counted; the lease is then given back.</summary>
    private StoreCommand? TryPrepare<TState, T>(
        in LoadRequest<TState, T> request, T value, LoadContext context, TimeSpan duration, Lease lease, out EncodeResult? encoded)
    {
        var (settings, stamp) = (request.Settings, context.Stamp.Snapshot);
        encoded = null;
        if (MayStore(context, settings.Policy)
            && TimeToLiveOf(settings, value, context) is { } timeToLive
            && !RefusesTags(context.Tags, settings.Policy)
            && (encoded = TryEncode(value, settings, duration, stamp)) is not null)
        {
            return new StoreCommand(
                request.Key,
                encoded.Entry,
                Jittered(timeToLive, settings.Jitter),
                context.Tags,
                lease,
                context.Stamp.Known,
                stamp is not null,
                context.Stamp.IsFromStandby,
                context.Stamp.BootMark,
                context.Stamp.IsOfPrimaryAlone,
                settings.GraceOf(value is null));
        }

        known.Refused(request.Key, settings.Policy);
        Release(request.Key, lease);
        return null;
    }

    private bool MayStore(LoadContext context, PolicyMeter policy)
    {
        var reason = context.Stamp.IsFromTransaction && test is not { TransactionsAreNotStored: false } ? "in_transaction"
            : context.Stamp.IsOfSeveralDatabases ? "of_several_databases"
            : null;
        if (reason is not null)
        {
            metrics.NotStored(policy, reason);
        }

        return reason is null;
    }

    /// <summary>Encodes a value. Null where it cannot be stored, which is counted.</summary>
    public EncodeResult? TryEncode<T>(T value, EntrySettings settings, TimeSpan duration, SnapshotStamp? stamp)
    {
        // Both times are written by the store's script, from Redis's own clock.
        var fields = new EntryHeaderFields(0, 0, duration, settings.SchemaVersion, stamp);
        var encoded = codec.Encode(value, fields, settings.MaximumPayloadBytes, settings.CompressionThresholdBytes);
        switch (encoded.Outcome)
        {
            case EncodeOutcome.TooLarge:
                ReadingLog.TooLarge(logger, typeof(T), settings.MaximumPayloadBytes);
                metrics.NotStored(settings.Policy, "too_large");
                return null;
            case EncodeOutcome.Unserializable:
                ReadingLog.Unserializable(logger, typeof(T), encoded.Exception!.GetType());
                metrics.NotStored(settings.Policy, "unserializable");
                return null;
            default:
                return encoded;
        }
    }

    /// <summary>Whether Redis may forget which entries these tags have, which is counted.</summary>
    public bool RefusesTags(IReadOnlyCollection<string> tags, PolicyMeter policy)
    {
        if (tags.Count == 0 || !gateway.RefusesTags)
        {
            return false;
        }

        metrics.NotStored(policy, "refused_tags_evictable");
        return true;
    }

    /// <summary>Sends what is encoded. The command is on its way when this returns its task, which never faults.</summary>
    public Task<bool> SendAsync(StoreCommand command, EncodeResult encoded, PolicyMeter policy) =>
        FinishAsync(gateway.StoreAsync(command), encoded, command, policy);

    /// <summary>Gives back a lease under which nothing will be stored: who waits for it need not wait until it ends.</summary>
    public void Release(string key, Lease lease) => _ = gateway.ReleaseAsync(key, lease).AsTask();

    public static TimeSpan Jittered(TimeSpan timeToLive, double jitter) =>
        timeToLive * (1 + (jitter * ((2 * Random.Shared.NextDouble()) - 1)));

    private TimeSpan? TimeToLiveOf<T>(EntrySettings settings, T value, LoadContext context)
    {
        if (value is null && settings.NegativeTimeToLive is null)
        {
            metrics.NotStored(settings.Policy, "null");
            return null;
        }

        if (!context.IsCacheable || context.AdaptedTimeToLive <= TimeSpan.Zero)
        {
            metrics.NotStored(settings.Policy, "declined");
            return null;
        }

        if (value is null)
        {
            if (negatives is null || negatives.TryTake())
            {
                return settings.NegativeTimeToLive;
            }

            metrics.NotStored(settings.Policy, "negative_limit");
            return null;
        }

        // A load may compute its time to live from a row that says "for ever".
        var timeToLive = context.AdaptedTimeToLive ?? settings.TimeToLive;
        return timeToLive < EntryOptions.LongestTimeToLive ? timeToLive : EntryOptions.LongestTimeToLive;
    }

    private async Task<bool> FinishAsync(
        ValueTask<RedisCallResult<StoreAnswer>> sent, EncodeResult encoded, StoreCommand command, PolicyMeter policy)
    {
        return Finish(await sent.ConfigureAwait(false), encoded, command, policy);
    }

    private bool Finish(in RedisCallResult<StoreAnswer> result, EncodeResult encoded, StoreCommand command, PolicyMeter policy)
    {
        var bytes = encoded.Entry.Length;
        if (result.TryGetValue(out var answer) && answer == StoreAnswer.Stored)
        {
            encoded.Dispose();
            metrics.Stored(policy, bytes);
            known.Stored(
                command.Key, policy, command.TimeToLive, command.Tags.Count > 0, command.Lease.Generation.Number, command.Lease.Fences);
            return true;
        }

        known.Refused(command.Key, policy);
        if (result.Status == RedisCallStatus.Ok)
        {
            encoded.Dispose();
            metrics.NotStored(policy, answer.Name());
            return false;
        }

        // The bytes are left to the garbage collector: after a time-out the client may still be about to send them.
        metrics.NotStored(policy, "failed");
        if (result.Error is { } error)
        {
            ReadingLog.StoreFailed(logger, FailureLog.KindOf(error));
            FailureLog.InFull(logger, error);
        }

        if (result.Error is RedisServerException)
        {
            // Redis is there, and will not take it: it may be full.
            Release(command.Key, command.Lease);
        }

        return false;
    }
}
