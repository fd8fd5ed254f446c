using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace HybridStore.Realtime.Redis;

/// <summary>What numbers of callers must be.</summary>
internal static class NumberRange
{
    /// <exception cref="ArgumentOutOfRangeException">It is outside.</exception>
    public static void ThrowIfOutside<T>(T value, T least, T most, [CallerArgumentExpression(nameof(value))] string? parameter = null)
        where T : INumber<T>
    {
        if (value < least || value > most)
        {
            throw new ArgumentOutOfRangeException(
                parameter, value, string.Create(CultureInfo.InvariantCulture, $"{parameter} must be from {least:N0} to {most:N0}: pass a number between."));
        }
    }
}
