using HybridStore.Benchmarks.Workload;

namespace HybridStore.Benchmarks.Contenders;

/// <summary>One way of reading a product.</summary>
internal abstract class Contender(string name, ProductTable table) : IAsyncDisposable
{
    private const int FillingCallers = 64;
    private const int MostPasses = 5;

    private long _loads;

    /// <summary>The name in figures.</summary>
    public string Name { get; } = name;

    /// <summary>How often a read was a miss.</summary>
    public long Loads => Interlocked.Read(ref _loads);

    protected ProductTable Table { get; } = table;

    public abstract ValueTask<Product> ReadAsync(int id);

    /// <summary>Reads every product until all reads are hits.</summary>
    public async Task FillAsync()
    {
        for (var pass = 0; pass < MostPasses; pass++)
        {
            var before = Loads;
            var next = 0;
            await Task.WhenAll(Enumerable.Range(0, FillingCallers).Select(async _ =>
            {
                while (Interlocked.Increment(ref next) is var id and <= ProductTable.Rows)
                {
                    await ReadAsync(id);
                }
            }));
            if (Loads == before)
            {
                return;
            }
        }

        throw new InvalidOperationException($"{Name} still misses after {MostPasses} passes over all products.");
    }

    public abstract ValueTask DisposeAsync();

    /// <summary>What a miss costs; the same statement for all.</summary>
    protected ValueTask<Product> LoadAsync(int id, CancellationToken cancellationToken)
    {
        NoteLoad();
        return Table.ReadAsync(id, cancellationToken);
    }

    protected void NoteLoad() => Interlocked.Increment(ref _loads);

    /// <summary>The names of all products, put together beforehand: index is the product's id.</summary>
    protected static string[] Keys(string prefix) =>
        [.. Enumerable.Range(0, ProductTable.Rows + 1).Select(id => string.Create(null, $"{prefix}product:{id}"))];
}
