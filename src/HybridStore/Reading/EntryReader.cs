using HybridStore.Diagnostics;
using HybridStore.Policies;
using HybridStore.Redis;
using HybridStore.Serialization;
using Microsoft.Extensions.Logging;

namespace HybridStore.Reading;

/// <summary>Makes values of the bytes found in Redis. The bytes are untrusted: what cannot be used is a miss.</summary>
internal sealed class EntryReader(EntryCodec codec, RedisClock clock, ILogger logger)
{
    // The offset to Redis's clock is known to half a round trip; being a second off here costs at most a load.
    internal const long ClockTolerance = 1000;

    /// <summary>True, with the value, if the entry may be served.</summary>
    public bool TryRead<TState, T>(
        in LoadRequest<TState, T> request, ReadOnlyMemory<byte> entry, out EntryHeader header, out T value) =>
        TryRead(request, entry, out header, out value, out _, out _);

    /// <summary>The same also past its expiry, as far as the settings allow that: who asks has nothing better. Not while Redis's clock is
    /// unknown.</summary>
    /// <param name="request">What is read.</param>
    /// <param name="entry">The bytes.</param>
    /// <param name="header">The entry's header.</param>
    /// <param name="value">The value.</param>
    /// <param name="isStale">Whether it is past its expiry.</param>
    public bool TryReadStale<TState, T>(
        in LoadRequest<TState, T> request, ReadOnlyMemory<byte> entry, out EntryHeader header, out T value, out bool isStale)
    {
        var lateness = (long)request.Settings.StaleOnError.GetValueOrDefault().TotalMilliseconds;
        var isRead = TryRead(request, entry, lateness, out header, out value, out var readAt, out _) && readAt.Now is not null;
        isStale = isRead && readAt.Now >= header.ExpiresAt;
        return isRead;
    }

    /// <summary>The same with the cause where it may not.</summary>
    /// <param name="request">What is read.</param>
    /// <param name="entry">The bytes.</param>
    /// <param name="header">The entry's header.</param>
    /// <param name="value">The value.</param>
    /// <param name="readAt">When the value was there: one look at the clock for all who want to know.</param>
    /// <param name="cause">Why it may not be served.</param>
    public bool TryRead<TState, T>(
        in LoadRequest<TState, T> request,
        ReadOnlyMemory<byte> entry,
        out EntryHeader header,
        out T value,
        out ReadMoment readAt,
        out string? cause) =>
        // Redis removes what has expired; an entry that outlived its own expiry lost its time to live to somebody's PERSIST, or is kept for
        // callers whose load fails: then nothing but the look at the clock ends its life.
        TryRead(
            request, entry, request.Settings.StaleOnError is null ? ClockTolerance : 0, out header, out value, out readAt, out cause);

    private bool TryRead<TState, T>(
        in LoadRequest<TState, T> request,
        ReadOnlyMemory<byte> entry,
        long lateness,
        out EntryHeader header,
        out T value,
        out ReadMoment readAt,
        out string? cause)
    {
        var settings = request.Settings;
        cause = null;
        readAt = default;
        value = default!;
        T? decoded = default;
        var outcome = EntryCodec.TryReadHeader<T>(entry.Span, settings.SchemaVersion, out header);
        if (outcome == DecodeOutcome.Ok)
        {
            outcome = codec.TryDecodePayload(entry, header, settings.MaximumPayloadBytes, out decoded, out var failure);
            if (failure is not null)
            {
                ReadingLog.UndecodablePayload(logger, failure);
            }
        }

        if (outcome != DecodeOutcome.Ok)
        {
            cause = MissCause.Of(outcome);
            return false;
        }

        var timestamp = clock.Timestamp;
        readAt = new ReadMoment(timestamp, clock.IsKnown ? clock.At(timestamp) : null);
        if (readAt.Now >= header.ExpiresAt + lateness)
        {
            cause = MissCause.Expired;
            return false;
        }

        value = decoded!;
        return true;
    }

    /// <summary>Whether a read with these settings would be answered by an entry, as far as its first bytes tell.</summary>
    public bool IsOfUse<T>(EntrySettings settings, ReadOnlyMemory<byte> start) =>
        EntryCodec.TryReadHeader<T>(start.Span, settings.SchemaVersion, out var header) == DecodeOutcome.Ok
        && !(clock.IsKnown && clock.At(clock.Timestamp) >= header.ExpiresAt);

    /// <summary>The part of an entry that tells it from the one that will replace it: its header, with the time of its making.</summary>
    public static ReadOnlyMemory<byte> Identity(ReadOnlyMemory<byte> entry) => entry[..Math.Min(entry.Length, EntryHeader.FixedLength)];
}
