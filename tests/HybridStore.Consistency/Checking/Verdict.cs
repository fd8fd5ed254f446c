namespace HybridStore.Consistency.Checking;

/// <summary>What a check has found.</summary>
internal sealed class Verdict(Promises promises)
{
    // What is printed in full is a handful; the others are counted.
    private const int KeptOfAKind = 5;

    private readonly Dictionary<ViolationKind, int> _counts = promises.All.ToDictionary(kind => kind, _ => 0);
    private readonly List<Violation> _kept = [];

    public IReadOnlyDictionary<ViolationKind, int> Counts => _counts;

    public IReadOnlyList<Violation> Kept => _kept;

    public int Total => _counts.Values.Sum();

    /// <summary>Reads that got what was too old by any of the promises.</summary>
    public int StaleReads { get; set; }

    /// <summary>How many times a promise of some kind could have been broken: a check that had nothing to check proves nothing.</summary>
    public Dictionary<ViolationKind, long> Checked { get; } = [];

    public void Note(ViolationKind kind) =>
        System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(Checked, kind, out _)++;

    public void Add(Violation violation)
    {
        if (promises.Include(violation.Kind) && ++_counts[violation.Kind] <= KeptOfAKind)
        {
            _kept.Add(violation);
        }
    }
}
