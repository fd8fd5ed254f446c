using System.Collections.Concurrent;

namespace HybridStore.Reading.Memo;

/// <summary>
/// What one view of a store has read: a key that is read again, by the same request say, costs nothing. What this process invalidates is
/// forgotten. Thread-safe.
/// </summary>
internal sealed class ReadMemo(KeyVersions versions)
{
    // A view that lives longer than a request must not grow for ever.
    internal const int MostValues = 10_000;

    private readonly ConcurrentDictionary<FlightKey, Remembered> _values = new(concurrencyLevel: 1, capacity: 31);
    private int _count;

    /// <summary>To be asked before a value is read that is to be remembered.</summary>
    public long VersionOf(string key) => versions.Of(key);

    /// <summary>A value that has been read before.</summary>
    public bool TryGet<T>(string key, out T value)
    {
        if (Find<T>(key, versions.Of(key)) is { IsCompletedSuccessfully: true } reading)
        {
            value = ValueOf(reading);
            return true;
        }

        value = default!;
        return false;
    }

    /// <summary>Reads, or takes what somebody else of this view reads or has read.</summary>
    public ValueTask<T> ReadAsync<TCall, T>(string key, TCall call, Func<TCall, ValueTask<T>> read, CancellationToken cancellationToken)
    {
        var version = versions.Of(key);
        if (Find<T>(key, version) is not { } known)
        {
            return new ValueTask<T>(Begin(key, version, call, read));
        }

        return known.IsCompletedSuccessfully ? new ValueTask<T>(ValueOf(known)) : WaitAsync(known, key, call, read, cancellationToken);
    }

    /// <summary>Remembers a value.</summary>
    /// <param name="key">The key.</param>
    /// <param name="version">What <see cref="VersionOf"/> returned before the value was read.</param>
    /// <param name="value">The value.</param>
    public void Remember<T>(string key, long version, T value) => Remember(key, version, Task.FromResult(value));

    private async ValueTask<T> WaitAsync<TCall, T>(
        Task<T> known, string key, TCall call, Func<TCall, ValueTask<T>> read, CancellationToken cancellationToken)
    {
        try
        {
            return await known.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The one who read has gone.
        }

        return await Begin(key, versions.Of(key), call, read).ConfigureAwait(false);
    }

    private Task<T> Begin<TCall, T>(string key, long version, TCall call, Func<TCall, ValueTask<T>> read)
    {
        var reading = read(call).AsTask();
        Remember(key, version, reading);
        return reading;
    }

    /// <summary>Null where nothing is known that is of use.</summary>
    private Task<T>? Find<T>(string key, long version) =>
        _values.TryGetValue(new FlightKey(key, typeof(T)), out var found) && found.Version == version && found is Remembered<T> remembered
        && !remembered.Reading.IsFaulted && !remembered.Reading.IsCanceled
            ? remembered.Reading
            : null;

    private void Remember<T>(string key, long version, Task<T> reading)
    {
        var name = new FlightKey(key, typeof(T));
        var remembered = new Remembered<T>(version, reading);
        if (_values.ContainsKey(name))
        {
            _values[name] = remembered;
        }
        else if (Volatile.Read(ref _count) < MostValues && _values.TryAdd(name, remembered))
        {
            Interlocked.Increment(ref _count);
        }
    }

    // Of what has ended well.
    private static T ValueOf<T>(Task<T> reading) => reading.Result;

    private abstract class Remembered(long version)
    {
        public long Version { get; } = version;
    }

    private sealed class Remembered<T>(long version, Task<T> reading) : Remembered(version)
    {
        public Task<T> Reading { get; } = reading;
    }
}
