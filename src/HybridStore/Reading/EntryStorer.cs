using HybridStore.Diagnostics;
using HybridStore.Policies;
using HybridStore.Redis;
using HybridStore.Resilience;
using HybridStore.Serialization;
using Microsoft.Extensions.Logging;

namespace HybridStore.Reading;

/// <summary>Stores what a flight has loaded, behind its callers. Whatever goes wrong costs a later load and nothing else.</summary>
internal sealed class EntryStorer(RedisGateway gateway, EntryCodec codec, StoreMetrics metrics, ILogger logger)
{
    /// <summary>Encodes the value and sends it. Returns when the command is on its way. Never throws.</summary>
    public void Store<TState, T>(
        Flight flight, in LoadRequest<TState, T> request, T value, LoadContext context, TimeSpan duration)
    {
        if (TimeToLiveOf(request.Settings, value, context) is not { } timeToLive)
        {
            return;
        }

        if (!gateway.IsAvailable)
        {
            metrics.Stored("failed");
            return;
        }

        // Both times are written by the store's script, from Redis's own clock.
        var fields = new EntryHeaderFields(0, 0, duration, request.Settings.SchemaVersion, Stamp: null);
        var encoded = codec.Encode(
            value, fields, request.Settings.MaximumPayloadBytes, request.Settings.CompressionThresholdBytes);
        switch (encoded.Outcome)
        {
            case EncodeOutcome.TooLarge:
                ReadingLog.TooLarge(logger, typeof(T), request.Settings.MaximumPayloadBytes);
                metrics.Stored("too_large");
                return;
            case EncodeOutcome.Unserializable:
                ReadingLog.Unserializable(logger, typeof(T), encoded.Exception!.GetType());
                metrics.Stored("unserializable");
                return;
        }

        var jittered = Jittered(timeToLive, request.Settings.Jitter);
        var sent = flight.SendUnlessDetached(
            static store => store.gateway.StoreAsync(store.Key, store.Entry, store.jittered, store.Tags),
            (gateway, request.Key, encoded.Entry, jittered, context.Tags));
        if (sent is null)
        {
            encoded.Dispose();
            metrics.Stored("detached");
            return;
        }

        _ = FinishAsync(sent, encoded);
    }

    private static TimeSpan Jittered(TimeSpan timeToLive, double jitter) =>
        timeToLive * (1 + (jitter * ((2 * Random.Shared.NextDouble()) - 1)));

    private TimeSpan? TimeToLiveOf<T>(EntrySettings settings, T value, LoadContext context)
    {
        if (value is null && settings.NegativeTimeToLive is null)
        {
            metrics.Stored("null");
            return null;
        }

        if (!context.IsCacheable || context.AdaptedTimeToLive <= TimeSpan.Zero)
        {
            metrics.Stored("declined");
            return null;
        }

        if (value is null)
        {
            return settings.NegativeTimeToLive;
        }

        // A load may compute its time to live from a row that says "for ever".
        var timeToLive = context.AdaptedTimeToLive ?? settings.TimeToLive;
        return timeToLive < EntryOptions.LongestTimeToLive ? timeToLive : EntryOptions.LongestTimeToLive;
    }

    private async Task FinishAsync(Task<RedisCallResult<bool>> sent, EncodeResult encoded)
    {
        var result = await sent.ConfigureAwait(false);
        if (result.TryGetValue(out _))
        {
            encoded.Dispose();
            metrics.Stored("stored");
            return;
        }

        // The bytes are left to the garbage collector: after a time-out the client may still be about to send them.
        metrics.Stored("failed");
        if (result.Error is { } error)
        {
            ReadingLog.StoreFailed(logger, FailureLog.KindOf(error));
            FailureLog.InFull(logger, error);
        }
    }
}
