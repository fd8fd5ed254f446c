using HybridStore.Benchmarks.Contenders;

namespace HybridStore.Benchmarks.Workload;

/// <summary>Callers that read one product after the other, picked at random in an order that is the same in every run.</summary>
internal sealed class ReadLoop
{
    private const int Seed = 20260131;

    // Drawn beforehand, so that drawing costs nothing while it is measured.
    private readonly int[] _picks;
    private int _next;

    private ReadLoop(int[] picks) => _picks = picks;

    /// <summary>Any product at any time.</summary>
    public static ReadLoop AtRandom()
    {
        var random = new Random(Seed);
        var picks = new int[1 << 18];
        for (var i = 0; i < picks.Length; i++)
        {
            picks[i] = random.Next(1, ProductTable.Rows + 1);
        }

        return new ReadLoop(picks);
    }

    /// <summary>No product again before all others have been read.</summary>
    public static ReadLoop EachInTurn()
    {
        int[] picks = [.. Enumerable.Range(1, ProductTable.Rows)];
        new Random(Seed).Shuffle(picks);
        return new ReadLoop(picks);
    }

    /// <summary>Different products, for one page.</summary>
    public int[] Take(int count)
    {
        var page = new HashSet<int>(count);
        while (page.Count < count)
        {
            page.Add(_picks[_next]);
            _next = (_next + 1) % _picks.Length;
        }

        return [.. page];
    }

    /// <summary>Lets each caller make its share of the reads.</summary>
    public Task RunAsync(Contender contender, int callers, int reads)
    {
        var loops = new Task[callers];
        for (var caller = 0; caller < callers; caller++)
        {
            var share = (reads / callers) + (caller < reads % callers ? 1 : 0);
            loops[caller] = ReadAsync(contender, _next, share);
            _next = (_next + share) % _picks.Length;
        }

        return Task.WhenAll(loops);
    }

    private async Task ReadAsync(Contender contender, int start, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var id = _picks[(start + i) % _picks.Length];
            var product = await contender.ReadAsync(id);
            if (product.Id != id)
            {
                throw new InvalidOperationException($"{contender.Name} answered product {id} with product {product.Id}.");
            }
        }
    }
}
