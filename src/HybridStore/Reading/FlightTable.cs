using System.Collections.Concurrent;
using HybridStore.Reading.Memo;

namespace HybridStore.Reading;

/// <summary>The loads that run in this process.</summary>
internal sealed class FlightTable
{
    private readonly ConcurrentDictionary<FlightKey, Flight> _flights = new();

    public int Count => _flights.Count;

    /// <summary>What this process has invalidated, for those who remember what they have read.</summary>
    public KeyVersions Versions { get; } = new();

    /// <summary>The flight of this key, or <paramref name="candidate"/> if there was none.</summary>
    public Flight<T> GetOrAdd<T>(FlightKey key, Flight<T> candidate) => (Flight<T>)_flights.GetOrAdd(key, candidate);

    public void Remove(FlightKey key, Flight flight) =>
        _flights.TryRemove(new KeyValuePair<FlightKey, Flight>(key, flight));

    /// <summary>Keeps new callers from joining the flights of these keys, which began before the invalidation. Which tags a load will give
    /// to its value is not known before it is over, so an invalidated tag detaches all flights.</summary>
    public void Detach(IReadOnlyCollection<string> keys, IReadOnlyCollection<string> tags)
    {
        Versions.Raise(keys, tags);
        if (_flights.IsEmpty)
        {
            return;
        }

        if (tags.Count > 0)
        {
            RemoveAll();
            return;
        }

        var concerned = new HashSet<string>(keys, StringComparer.Ordinal);
        foreach (var (key, flight) in _flights)
        {
            if (concerned.Contains(key.Key))
            {
                Remove(key, flight);
            }
        }
    }

    /// <summary>The same for all keys.</summary>
    public void DetachAll()
    {
        Versions.RaiseAll();
        RemoveAll();
    }

    private void RemoveAll()
    {
        foreach (var (key, flight) in _flights)
        {
            Remove(key, flight);
        }
    }
}
