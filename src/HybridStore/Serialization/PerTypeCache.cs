namespace HybridStore.Serialization;

/// <summary>
/// One value per type argument and instance of this cache. A type gets a process-wide index the first time it is asked for,
/// so that a look-up is a static read and an array access instead of a dictionary; and, unlike a field of a static generic
/// class, it works for several stores in one process and keeps none of them alive.
/// </summary>
internal sealed class PerTypeCache
{
    private static int _indexes;

    private readonly Lock _growth = new();
    private object?[] _values = [];

    public TValue? Find<T, TValue>()
        where TValue : class
    {
        object?[] values = Volatile.Read(ref _values);
        int index = Index<T>.Value;
        return index < values.Length ? (TValue?)Volatile.Read(ref values[index]) : null;
    }

    /// <summary>Keeps the first value that is added for a type and returns it.</summary>
    public TValue Add<T, TValue>(TValue value)
        where TValue : class
    {
        int index = Index<T>.Value;
        lock (_growth)
        {
            if (index >= _values.Length)
            {
                var grown = new object?[Math.Max(index + 1, _values.Length * 2)];
                _values.CopyTo(grown, 0);
                Volatile.Write(ref _values, grown);
            }

            if (_values[index] is TValue present)
            {
                return present;
            }

            Volatile.Write(ref _values[index], value);
            return value;
        }
    }

    private static class Index<T>
    {
        public static readonly int Value = Interlocked.Increment(ref _indexes) - 1;
    }
}
