using System.Runtime.InteropServices;
using HybridStore.Keys;
using HybridStore.Policies;

namespace HybridStore.Reading.Batches;

/// <summary>One caller's batch: what it asks for, each id once, and what has been found so far.</summary>
internal sealed class Batch<TState, TId, T>
    where TId : notnull
{
    private readonly TState _state;
    private readonly Func<TState, IReadOnlyList<TId>, BatchLoadContext<TId>, CancellationToken, ValueTask<IEnumerable<KeyValuePair<TId, T>>>> _load;
    private readonly LoadRequest<SingleOfBatch<TState, TId, T>, T> _pattern;
    private readonly int[] _places;
    private readonly T[] _values;
    private readonly bool[] _isTaken;

    /// <exception cref="ArgumentException">An id is null, its key is malformed, or two ids have the same key.</exception>
    public Batch(
        IReadOnlyCollection<TId> ids,
        Func<TId, string> key,
        TState state,
        Func<TState, IReadOnlyList<TId>, BatchLoadContext<TId>, CancellationToken, ValueTask<IEnumerable<KeyValuePair<TId, T>>>> load,
        EntrySettings settings,
        ulong? atLeast,
        bool isJournaled,
        TimeSpan? maxStaleness)
    {
        (_state, _load) = (state, load);
        _places = new int[ids.Count];
        var distinct = new Dictionary<string, int>(ids.Count, StringComparer.Ordinal);
        var (names, identities) = (new List<string>(ids.Count), new List<TId>(ids.Count));
        var position = 0;
        foreach (var id in ids)
        {
            if (id is null)
            {
                throw new ArgumentNullException($"ids[{position}]", "An id must not be null: leave it out.");
            }

            var name = key(id);
            KeyRules.ThrowIfInvalidKeyAt(position, name, "ids");
            ref var place = ref CollectionsMarshal.GetValueRefOrAddDefault(distinct, name, out var isKnown);
            if (!isKnown)
            {
                place = names.Count;
                names.Add(name);
                identities.Add(id);
            }
            else if (!EqualityComparer<TId>.Default.Equals(identities[place], id))
            {
                throw new ArgumentException(
                    $"The key of ids[{position}] is that of another id, {Excerpt.Of(name)}: a key has to tell ids apart, as $\"product:{{id}}\" does.",
                    nameof(key));
            }

            _places[position++] = place;
        }

        (Keys, Ids) = (names, identities);
        (_values, _isTaken) = (new T[names.Count], new bool[names.Count]);
        _pattern = new LoadRequest<SingleOfBatch<TState, TId, T>, T>(
            string.Empty,
            default,
            static (single, context, token) => single.Batch.LoadOneAsync(single.Id, context, token),
            settings,
            atLeast,
            isJournaled,
            maxStaleness);
    }

    private Batch(Batch<TState, TId, T> whole, IReadOnlyList<int> indexes)
    {
        (_state, _load, _pattern) = (whole._state, whole._load, whole._pattern);
        (_places, _values, _isTaken) = ([.. Enumerable.Range(0, indexes.Count)], new T[indexes.Count], new bool[indexes.Count]);
        (Keys, Ids) = ([.. indexes.Select(index => whole.Keys[index])], [.. indexes.Select(index => whole.Ids[index])]);
    }

    /// <summary>The keys, each once.</summary>
    public IReadOnlyList<string> Keys { get; }

    /// <summary>Their ids.</summary>
    public IReadOnlyList<TId> Ids { get; }

    public EntrySettings Settings => _pattern.Settings;

    public TimeSpan? MaxStaleness => _pattern.MaxStaleness;

    public bool AsksForMark => _pattern.AsksForMark;

    /// <summary>The values in the order of the call, duplicates included.</summary>
    public IReadOnlyList<T> Values
    {
        get
        {
            var values = new T[_places.Length];
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = _values[_places[i]];
            }

            return values;
        }
    }

    /// <summary>One key of the batch, as a read of its own: what is done behind a hit is done for it alone.</summary>
    public LoadRequest<SingleOfBatch<TState, TId, T>, T> RequestOf(int index) =>
        _pattern with { Key = Keys[index], State = new SingleOfBatch<TState, TId, T>(this, Ids[index]) };

    /// <summary>A load of several keys, as one request.</summary>
    public LoadRequest<SeveralOfBatch<TState, TId, T>, BatchRows<TId, T>> RequestOf(TId[] ids, string firstKey) => new(
        firstKey,
        new SeveralOfBatch<TState, TId, T>(this, ids),
        static (several, context, token) => several.Batch.LoadAsync(several.Ids, context, token),
        Settings,
        _pattern.AtLeast,
        _pattern.IsJournaled,
        _pattern.MaxStaleness);

    /// <summary>A part of it, as a batch of its own.</summary>
    public Batch<TState, TId, T> Of(IReadOnlyList<int> indexes) => new(this, indexes);

    /// <summary>Whether the value is there.</summary>
    public bool IsTaken(int index) => _isTaken[index];

    public void Take(int index, T value) => (_values[index], _isTaken[index]) = (value, true);

    private async ValueTask<T> LoadOneAsync(TId id, LoadContext context, CancellationToken cancellationToken)
    {
        var rows = await LoadAsync([id], context, cancellationToken).ConfigureAwait(false);
        return rows.ValueOf(id);
    }

    private async ValueTask<BatchRows<TId, T>> LoadAsync(TId[] ids, LoadContext context, CancellationToken cancellationToken)
    {
        var entries = new BatchLoadContext<TId>(context, ids);
        var rows = new BatchRows<TId, T>(await _load(_state, ids, entries, cancellationToken).ConfigureAwait(false), entries);
        if (default(T) is not null)
        {
            // No null could stand for a row that is missing, and a zero is nothing to remember.
            foreach (var id in ids.Where(id => !rows.TryGetValue(id, out _)))
            {
                entries.DoNotCache(id);
            }
        }

        return rows;
    }
}

/// <summary>One id of a batch.</summary>
internal readonly record struct SingleOfBatch<TState, TId, T>(Batch<TState, TId, T> Batch, TId Id)
    where TId : notnull;

/// <summary>Some ids of a batch.</summary>
internal readonly record struct SeveralOfBatch<TState, TId, T>(Batch<TState, TId, T> Batch, TId[] Ids)
    where TId : notnull;
