namespace HybridStore.Keys;

/// <summary>Writes a value as it stands in a key; false when the destination is too short.</summary>
/// <param name="value">The value. One that cannot be rendered gives an <see cref="ArgumentException"/>.</param>
/// <param name="placeholder">The name of the placeholder, for the exception.</param>
/// <param name="destination">Where to write.</param>
/// <param name="charsWritten">How much was written.</param>
internal delegate bool KeyValueFormatter<in T>(T value, string placeholder, Span<char> destination, out int charsWritten);
