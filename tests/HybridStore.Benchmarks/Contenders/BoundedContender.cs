using HybridStore.Benchmarks.Workload;

namespace HybridStore.Benchmarks.Contenders;

/// <summary>The store, asked for values that are no older than a bound. It fills and reads the same entries as the store itself.</summary>
internal sealed class BoundedContender(HybridStoreContender contender, ProductTable table, TimeSpan bound) : Contender("bounded", table)
{
    private readonly IHybridStore _store = contender.Store.With(new ReadOptions { MaxStaleness = bound });

    public override ValueTask<Product> ReadAsync(int id) => _store.GetAsync(
        HybridStoreContender.KeyOf(id),
        (Contender: this, id),
        static (state, context, token) => state.Contender.LoadAsync(state.id, context, token));

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async ValueTask<Product> LoadAsync(int id, LoadContext context, CancellationToken cancellationToken)
    {
        NoteLoad();
        return (await context.QuerySingleOrDefaultAsync<Product>(ProductTable.ById, new { id }, cancellationToken))!;
    }
}
