using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using HybridStore.Keys;

namespace HybridStore.Reading.Batches;

/// <summary>What the load of a batch has brought.</summary>
internal sealed class BatchRows<TId, T>
    where TId : notnull
{
    private readonly Dictionary<TId, T> _values;
    private readonly BatchLoadContext<TId> _entries;

    /// <exception cref="InvalidOperationException">The load has returned nothing at all, a null, an id that was not asked for, or one twice.</exception>
    public BatchRows(IEnumerable<KeyValuePair<TId, T>>? rows, BatchLoadContext<TId> entries)
    {
        _entries = entries;
        _values = new Dictionary<TId, T>(entries.Ids.Count);
        var asked = entries.Ids.Count == 1 ? null : new HashSet<TId>(entries.Ids);
        var position = 0;
        foreach (var (id, value) in rows ?? throw new InvalidOperationException(
            "The load of a batch has returned null: let it return an empty sequence where there is no row."))
        {
            if (id is null || !(asked?.Contains(id) ?? EqualityComparer<TId>.Default.Equals(id, entries.Ids[0])))
            {
                throw Refuse(position, id, "which was not asked for: let it return the rows of the ids that it is given, and no others");
            }

            if (!_values.TryAdd(id, value))
            {
                throw Refuse(position, id, "a second time: let it return one row for each id, or group them first");
            }

            position++;
        }
    }

    public bool TryGetValue(TId id, [MaybeNullWhen(false)] out T value) => _values.TryGetValue(id, out value);

    /// <summary>The value of an id; the default where there is no row.</summary>
    public T ValueOf(TId id) => _values.GetValueOrDefault(id)!;

    /// <summary>What the load has said of the entry of an id.</summary>
    public LoadContext ContextOf(TId id) => _entries.Find(id);

    private static InvalidOperationException Refuse(int position, TId? id, string rule) => new(string.Create(
        CultureInfo.InvariantCulture,
        $"The load of a batch has returned, as its row {position}, the id {Excerpt.Of(id?.ToString() ?? "null")}, {rule}."));
}
