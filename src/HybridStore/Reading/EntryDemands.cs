using HybridStore.Diagnostics;
using HybridStore.Redis;
using HybridStore.Resilience;
using HybridStore.Serialization;

namespace HybridStore.Reading;

/// <summary>What a caller demands of an entry beyond its being there.</summary>
internal static class EntryDemands
{
    /// <summary>Reads the entry of a key, with the applied mark of its partition where the caller demands something of it that the mark tells.</summary>
    public static ValueTask<RedisCallResult<FoundEntry>> ReadAsync<TState, T>(
        this IEntryCache cache, in LoadRequest<TState, T> request, bool allowReplicas, CancellationToken cancellationToken) =>
        request.AsksForMark
            ? cache.ReadMarkedAsync(request.Key, allowReplicas, request.MaxStaleness is not null, cancellationToken)
            : cache.ReadAsync(request.Key, allowReplicas, cancellationToken);

    /// <summary>Why the entry is not what this caller asks for; null if it is.</summary>
    public static string? CauseToRefuse<TState, T>(
        this IAppliedMarks marks,
        in LoadRequest<TState, T> request,
        in EntryHeader header,
        ReadOnlyMemory<byte> entry,
        in FoundEntry found)
    {
        if (request.AtLeast is { } write
            && !request.IsReflectedBy(header.ReadStamp(entry.Span))
            && !(request.IsJournaled && marks.HaveApplied(found, write)))
        {
            return MissCause.OlderThanWrite;
        }

        return request.MaxStaleness is { } bound && !marks.IsWithin(found, bound) ? MissCause.OlderThanBound : null;
    }
}
