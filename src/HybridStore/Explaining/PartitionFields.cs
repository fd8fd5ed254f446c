using HybridStore.Redis.Generations;
using HybridStore.Redis.Inspecting;

namespace HybridStore.Explaining;

/// <summary>The fields of a partition's state (<c>lease.lua</c>).</summary>
internal static class PartitionFields
{
    /// <param name="here">What this process knows of the partition.</param>
    /// <param name="found">What Redis holds.</param>
    public static ExplainedPartition Read(ExplainedPartition here, KeyInspection found)
    {
        var state = found.State;
        var isFloorDemanded = state.NumberOf("fe") > found.Now;
        return here with
        {
            RecordedGeneration = found.Recorded,
            EarlierGenerations = EarlierOf(found),
            Sequence = state.NumberOf("seq"),
            HighestTransactionId = state.IdOf("high"),
            BootMark = state.NumberOf("b"),
            Floor = isFloorDemanded ? state.IdOf("f") : null,
            FloorUntil = isFloorDemanded ? RedisTime.At(state.NumberOf("fe") ?? 0) : null,
        };
    }

    private static SortedDictionary<long, DateTimeOffset> EarlierOf(KeyInspection found)
    {
        var earlier = new SortedDictionary<long, DateTimeOffset>();
        foreach (var (name, value) in found.State.All)
        {
            if (name is ['o', .. var number] && GenerationRegister.TryParse(number, out var generation)
                && HashFields.AsNumber(value) is { } until && until > found.Now)
            {
                earlier[generation] = RedisTime.At(until);
            }
        }

        return earlier;
    }
}
