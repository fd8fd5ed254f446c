namespace HybridStore.Benchmarks.Workload;

/// <summary>What is read: a row that is about 500 bytes of JSON.</summary>
public sealed record Product(
    int Id,
    string Sku,
    string Name,
    string Manufacturer,
    string Description,
    string Category,
    decimal Price,
    string Currency,
    int Stock,
    int WeightGrams,
    bool IsActive,
    DateTime UpdatedAt);
