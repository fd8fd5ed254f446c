using System.Buffers;

namespace HybridStore.Keys;

/// <summary>Puts a key together on the stack, so that the string itself is the only allocation.</summary>
/// <remarks>A key that outgrows the stack moves once to a pooled buffer that holds the longest key there is.</remarks>
internal ref struct KeyWriter(Span<char> initial)
{
    /// <summary>How much the caller gives on the stack: more than nearly every key needs, and quick to clear.</summary>
    public const int InitialCharacters = 256;

    private Span<char> _buffer = initial;
    private char[]? _rented;
    private int _length;
    private bool _overflowed;

    public void Write(string literal)
    {
        while (!_overflowed)
        {
            if (literal.TryCopyTo(_buffer[_length..]))
            {
                _length += literal.Length;
                return;
            }

            Grow();
        }
    }

    public void Write<T>(T value, KeyValueFormatter<T> formatter, string placeholder)
    {
        while (!_overflowed)
        {
            if (formatter(value, placeholder, _buffer[_length..], out var written))
            {
                _length += written;
                return;
            }

            Grow();
        }
    }

    /// <summary>The finished key; false when it is longer than a key may be.</summary>
    public readonly bool TryFinish(out string key)
    {
        var text = _buffer[.._length];
        var fits = !_overflowed && (_length <= KeyRules.MaximumBytes / 3 || KeyRules.CountBytes(text) <= KeyRules.MaximumBytes);
        key = fits ? new string(text) : string.Empty;
        if (_rented is not null)
        {
            ArrayPool<char>.Shared.Return(_rented);
        }

        return fits;
    }

    private void Grow()
    {
        // Pooled buffers may be larger than asked for, hence no more than what a key may have: a character is a byte or more.
        if (_rented is not null)
        {
            _overflowed = true;
            return;
        }

        _rented = ArrayPool<char>.Shared.Rent(KeyRules.MaximumBytes);
        _buffer[.._length].CopyTo(_rented);
        _buffer = _rented.AsSpan(0, KeyRules.MaximumBytes);
    }
}
