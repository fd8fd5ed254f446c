namespace HybridStore.Benchmarks.Figures.Tags;

/// <summary>Loads of the members of a tag. Thread-safe.</summary>
internal sealed class LoadCounter(int members)
{
    private readonly int[] _loads = new int[members];
    private int _running;
    private int _mostAtOnce;

    public void Begin(int member)
    {
        Interlocked.Increment(ref _loads[member]);
        var running = Interlocked.Increment(ref _running);
        var most = Volatile.Read(ref _mostAtOnce);
        while (running > most)
        {
            most = Interlocked.CompareExchange(ref _mostAtOnce, running, most) is var found && found == most ? running : found;
        }
    }

    public void End(int member) => Interlocked.Decrement(ref _running);

    public LoadCount Read() => new(
        _mostAtOnce, _loads.Sum(), _loads.Count(loads => loads > 0), _loads.Max());
}

/// <param name="MostAtOnce">The largest number of loads that ran at once.</param>
/// <param name="Loads">All loads.</param>
/// <param name="Keys">How many members were loaded.</param>
/// <param name="MostPerKey">The largest number of loads of one member.</param>
internal readonly record struct LoadCount(int MostAtOnce, int Loads, int Keys, int MostPerKey);
