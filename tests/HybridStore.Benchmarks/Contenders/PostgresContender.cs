using HybridStore.Benchmarks.Workload;

namespace HybridStore.Benchmarks.Contenders;

/// <summary>No cache: the same row from PostgreSQL, by primary key.</summary>
internal sealed class PostgresContender(ProductTable table) : Contender("postgres", table)
{
    public override ValueTask<Product> ReadAsync(int id) => Table.ReadAsync(id);

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
