using System.Globalization;
using System.Runtime.CompilerServices;

namespace HybridStore.Realtime.Leaderboards;

/// <summary>Scores on their way to Redis and back: exactly.</summary>
internal static class BoardScores
{
    /// <exception cref="ArgumentOutOfRangeException">NaN, or infinite.</exception>
    public static void ThrowIfNoScore(double value, [CallerArgumentExpression(nameof(value))] string? parameter = null)
    {
        if (!double.IsFinite(value))
        {
            throw new ArgumentOutOfRangeException(
                parameter, value, "A score must be a finite number: NaN cannot be ranked and infinity cannot be added to. Leave the member out instead.");
        }
    }

    /// <summary>The shortest text that stands for exactly this number. There is no second zero: it would be another text of the same
    /// rank.</summary>
    public static string TextOf(double score) => (score + 0.0).ToString("R", CultureInfo.InvariantCulture);

    public static double Read(ReadOnlySpan<byte> text) => double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);

    public static bool TryRead(ReadOnlySpan<byte> text, out double score) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out score);
}
