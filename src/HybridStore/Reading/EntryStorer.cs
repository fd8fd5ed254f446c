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
        in LoadRequest<TState, T> request, T value, LoadContext context, TimeSpan duration, Lease lease)
    {
        if (context.Stamp.IsFromTransaction && test is not { TransactionsAreNotStored: false })
        {
            metrics.NotStored(request.Settings.Policy, "in_transaction");
            return Decline(request.Key, request.Settings.Policy, lease);
        }

        if (context.Stamp.IsOfSeveralDatabases)
        {
            metrics.NotStored(request.Settings.Policy, "of_several_databases");
            return Decline(request.Key, request.Settings.Policy, lease);
        }

        if (TimeToLiveOf(request.Settings, value, context) is not { } timeToLive
            || RefusesTags(context.Tags, request.Settings.Policy))
        {
            return Decline(request.Key, request.Settings.Policy, lease);
        }

        var stamp = context.Stamp.Snapshot;
        return TryEncode(value, request.Settings, duration, stamp) is { } encoded
            ? SendAsync(
                new StoreCommand(
                    request.Key,
                    encoded.Entry,
                    Jittered(timeToLive, request.Settings.Jitter),
                    context.Tags,
                    lease,
                    context.Stamp.Known,
                    stamp is not null,
                    context.Stamp.IsFromStandby,
                    context.Stamp.BootMark,
                    context.Stamp.IsOfPrimaryAlone,
                    request.Settings.GraceOf(value is null)),
                encoded,
                request.Settings.Policy)
            : Decline(request.Key, request.Settings.Policy, lease);
    }

    /// <summary>The same for values that one load has brought: they are sent together.</summary>
    /// <returns>For each whether the cache has taken it.</returns>
    public Task<bool>[] StoreManyAsync<TState, T>(IReadOnlyList<StorableEntry<TState, T>> entries, TimeSpan duration)
    {
        var stored = new Task<bool>[entries.Count];
        for (var i = 0; i < stored.Length; i++)
        {
            var (request, value, context, lease) = entries[i];
            stored[i] = StoreAsync(request, value, context, duration, lease);
        }

        return stored;
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

    private Task<bool> Decline(string key, PolicyMeter policy, Lease lease)
    {
        known.Refused(key, policy);
        Release(key, lease);
        return NotStored;
    }

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
        var bytes = encoded.Entry.Length;
        var result = await sent.ConfigureAwait(false);
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
