using System.Globalization;
using HybridStore.Benchmarks.Workload;

namespace HybridStore.Benchmarks.Figures.Tags;

/// <summary>A tag is invalidated while its members are being read all the time. Some members are read much more often than others, so that
/// several readers miss the same one at once.</summary>
internal static class ReadersBesideInvalidation
{
    private const int Readers = 64;
    private const int Skew = 4;

    private static readonly TimeSpan Before = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan After = TimeSpan.FromSeconds(1);

    public static async Task WriteAsync(FigureWriter figures, TaggedProducts products, string name, int races)
    {
        List<LoadCount> byWrite = [], byName = [];
        for (var race = 0; race < races; race++)
        {
            byWrite.Add(await RunAsync(products, products.InvalidateByWriteAsync));
            byName.Add(await RunAsync(products, products.InvalidateByNameAsync));
        }

        figures.Remark(string.Create(
            CultureInfo.InvariantCulture,
            $"{Readers} readers, {races} races, about {Median.Of(byWrite.Select(each => (double)each.Keys)):0} members loaded in each"));
        Write(figures, name, byWrite);
        Write(figures, $"{name}.without_xid", byName);
    }

    private static void Write(FigureWriter figures, string name, List<LoadCount> counts)
    {
        figures.Figure($"{name}.max_loads", counts.Max(each => each.MostAtOnce), "loads");
        figures.Figure($"{name}.loads_per_key", Median.Of(counts.Select(each => (double)each.Loads / each.Keys)), "loads");
        figures.Figure($"{name}.max_loads_per_key", counts.Max(each => each.MostPerKey), "loads");
    }

    private static async Task<LoadCount> RunAsync(TaggedProducts products, Func<Task> invalidate)
    {
        products.Loading = null;
        products.Loaded = null;
        await products.FillAsync();
        var loads = new LoadCounter(products.Members);
        products.Loading = loads.Begin;
        products.Loaded = loads.End;

        using var stopping = new CancellationTokenSource();
        var readers = Enumerable.Range(0, Readers).Select(seed => Task.Run(() => ReadAsync(products, seed, stopping.Token))).ToArray();
        await Task.Delay(Before);
        if (loads.Read().Loads > 0)
        {
            throw new InvalidOperationException("Members were loaded before the invalidation.");
        }

        await invalidate();
        await Task.Delay(After);
        await stopping.CancelAsync();
        await Task.WhenAll(readers);
        return loads.Read() is { Keys: > 0 } counted ? counted : throw new InvalidOperationException("No member was loaded.");
    }

    private static async Task ReadAsync(TaggedProducts products, int seed, CancellationToken stopping)
    {
        var random = new Random(seed);
        while (!stopping.IsCancellationRequested)
        {
            await products.ReadAsync((int)(products.Members * Math.Pow(random.NextDouble(), Skew)));
        }
    }
}
