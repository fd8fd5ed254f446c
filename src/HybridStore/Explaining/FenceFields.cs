using HybridStore.Fencing;
using HybridStore.Redis.Inspecting;

namespace HybridStore.Explaining;

/// <summary>The fields of guards and of tags' fences that <c>store.lua</c> judges a load by, judged for an entry that is there.</summary>
internal static class FenceFields
{
    /// <param name="fields">A guard, or the fences of a tag.</param>
    /// <param name="stamp">The entry's; null where there is none.</param>
    public static ExplainedFences Read(HashFields fields, SnapshotStamp? stamp)
    {
        var floor = fields.IdOf("m");
        return new ExplainedFences
        {
            Exact =
            [
                .. fields.All
                    .Select(field => (Id: HashFields.AsId(field.Name), field.Value))
                    .Where(field => field.Id is not null)
                    .OrderBy(field => field.Id)
                    .Select(field => new ExplainedFence(field.Id!.Value, field.Value == "0", stamp?.Sees(field.Id.Value))),
            ],
            Floor = floor,
            IsFloorSeen = floor is { } folded && stamp is not null ? folded < stamp.Xmin : null,
            IsFloorBeforeCommit = fields.Has("p"),
        };
    }
}
