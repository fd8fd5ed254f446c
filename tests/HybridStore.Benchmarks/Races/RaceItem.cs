namespace HybridStore.Benchmarks.Races;

/// <summary>A row of one race alone, with the key and the tag that it is cached under.</summary>
internal sealed record RaceItem(int Id)
{
    public string Key { get; } = string.Create(null, $"item:{Id}");

    public string Tag { get; } = string.Create(null, $"items:{Id}");
}
