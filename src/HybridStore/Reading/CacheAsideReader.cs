using HybridStore.Diagnostics;
using HybridStore.Invalidating;
using HybridStore.Redis;
using HybridStore.Serialization;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace HybridStore.Reading;

/// <summary>Cache-aside: the entry if Redis has it, else one load for all who ask, whose value is stored behind them.</summary>
internal sealed class CacheAsideReader(
    RedisGateway gateway,
    RedisClock clock,
    EntryCodec codec,
    EntryLoader loader,
    InvalidationDispatcher invalidations,
    StoreMetrics metrics,
    ILogger logger)
{
    public async ValueTask<T> ReadAsync<TState, T>(
        LoadRequest<TState, T> request, bool allowReplicas, CancellationToken cancellationToken)
    {
        if (invalidations.IsPending(request.Key))
        {
            metrics.Read("invalidation_pending");
            return await loader.LoadSharedAsync(request, cancellationToken).ConfigureAwait(false);
        }

        var answer = await gateway.ReadAsync(request.Key, allowReplicas, cancellationToken).ConfigureAwait(false);
        if (!answer.TryGetValue(out var entry))
        {
            if (answer.Error is RedisServerException { Kind: RedisErrorKind.WrongType })
            {
                // Not a string, so not ours: as good as bytes that cannot be read, and the store writes over it.
                metrics.Miss(DecodeOutcome.Undecodable);
            }
            else
            {
                metrics.Read("redis_unavailable");
            }

            return await loader.LoadSharedAsync(request, cancellationToken).ConfigureAwait(false);
        }

        if (entry.IsNull)
        {
            metrics.Miss("absent");
            return await loader.LoadSharedAsync(request, cancellationToken).ConfigureAwait(false);
        }

        if (TryUse(request, entry, out var value))
        {
            return value;
        }

        return await loader.LoadSharedAsync(request, cancellationToken).ConfigureAwait(false);
    }

    private bool TryUse<TState, T>(in LoadRequest<TState, T> request, RedisValue entry, out T value)
    {
        value = default!;
        var settings = request.Settings;
        ReadOnlyMemory<byte> bytes = entry;
        var outcome = EntryCodec.TryReadHeader<T>(bytes.Span, settings.SchemaVersion, out var header);
        T? decoded = default;
        if (outcome == DecodeOutcome.Ok)
        {
            // Redis removes what has expired; an entry that outlived its own expiry lost its time to live to somebody's PERSIST.
            if (clock.IsKnown && clock.Now > header.ExpiresAt + ClockTolerance)
            {
                metrics.Miss("expired");
                return false;
            }

            outcome = codec.TryDecodePayload(bytes, header, settings.MaximumPayloadBytes, out decoded, out var failure);
            if (failure is not null)
            {
                ReadingLog.UndecodablePayload(logger, failure);
            }
        }

        if (outcome != DecodeOutcome.Ok)
        {
            metrics.Miss(outcome);
            return false;
        }

        metrics.Hit();
        value = decoded!;
        if (settings.Beta > 0 && clock.IsKnown && EarlyExpiration.ShouldRefresh(
                clock.Now,
                header.ExpiresAt,
                header.LoadTime.TotalMilliseconds,
                settings.Beta,
                EarlyExpiration.NextUniform()))
        {
            loader.RefreshBehind(request);
        }

        return true;
    }

    // The offset to Redis's clock is known to half a round trip; being a second off here costs at most a load.
    private const long ClockTolerance = 1000;
}
