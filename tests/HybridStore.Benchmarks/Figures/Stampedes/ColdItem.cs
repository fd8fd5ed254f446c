namespace HybridStore.Benchmarks.Figures.Stampedes;

/// <summary>What is loaded.</summary>
/// <param name="Load">The number of the load that has read it, counted in the database.</param>
/// <param name="Id">The row's key.</param>
/// <param name="Name">Its only column.</param>
internal sealed record ColdItem(long Load, int Id, string Name);
