namespace HybridStore.IntegrationTests.Stampedes;

/// <summary>A row, and the number of the load that has read it.</summary>
internal sealed record CountedRow(long Load, int Id, string Name);
