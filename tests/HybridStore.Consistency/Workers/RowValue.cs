using HybridStore.Consistency.History;

namespace HybridStore.Consistency.Workers;

/// <summary>A row as it is cached.</summary>
internal sealed record RowValue(int Id, long Version, long Writer)
{
    public RowVersion ToVersion() => new(Id, Version, Writer);
}
