namespace HybridStore.IntegrationTests.Exploring;

/// <summary>What is cached: the versions of some rows, and perhaps those of another item behind them, which is read through the
/// store.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Tags">Its tags.</param>
/// <param name="Row">The first of its rows, in the count of the rig.</param>
/// <param name="Count">How many rows it reads by itself.</param>
/// <param name="Part">The other item.</param>
internal sealed record Item(string Key, string[] Tags, int Row, int Count, Item? Part = null)
{
    /// <summary>Its rows, in the order of the versions in its value.</summary>
    public int[] Rows { get; } = [.. Enumerable.Range(Row, Count), .. Part?.Rows ?? []];

    public bool IsNamedBy(Invalidation what) => what.Keys.Contains(Key) || what.Tags.Any(Tags.Contains);
}
