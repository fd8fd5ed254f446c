using HybridStore.Consistency.History;

namespace HybridStore.Consistency.Checking;

/// <summary>From when on which version of a row has to be shown under a key. Added to in any order, then sealed, then asked.</summary>
internal sealed class Steps
{
    private readonly List<Step> _steps = [];

    public void Add(Step step) => _steps.Add(step);

    public void Seal()
    {
        _steps.Sort((a, b) => a.Since.CompareTo(b.Since));
        var kept = 0;
        foreach (var step in _steps.ToArray())
        {
            // What asks for less than what was asked for before says nothing new.
            if (kept == 0 || step.Version > _steps[kept - 1].Version)
            {
                _steps[kept++] = step;
            }
        }

        _steps.RemoveRange(kept, _steps.Count - kept);
    }

    /// <summary>What had to be shown before a time; null for nothing.</summary>
    public Step? Before(long time)
    {
        int low = 0, high = _steps.Count;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_steps[middle].Since < time)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low == 0 ? null : _steps[low - 1];
    }
}

/// <summary>A version of a row that has to be shown from some time on.</summary>
internal readonly record struct Step(long Since, long Version, WriteRecord Because, ViolationKind Kind);
