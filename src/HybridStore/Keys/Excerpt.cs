using System.Globalization;
using System.Text;

namespace HybridStore.Keys;

/// <summary>What an error message may show of a key, tag or template.</summary>
/// <remarks>
/// Keys hold e-mail addresses and messages end in logs, so no more than 16 characters are shown; and what a terminal or a
/// log viewer would obey instead of show (control and format characters, broken surrogates) is written as <c>\uXXXX</c>.
/// </remarks>
internal static class Excerpt
{
    public const int MaximumCharacters = 16;

    public static string Of(ReadOnlySpan<char> value)
    {
        var shown = value;
        if (value.Length > MaximumCharacters)
        {
            // A pair of surrogates is one character to the reader: it is left out rather than cut in two.
            var end = char.IsHighSurrogate(value[MaximumCharacters - 1]) && char.IsLowSurrogate(value[MaximumCharacters])
                ? MaximumCharacters - 1
                : MaximumCharacters;
            shown = value[..end];
        }

        var text = new StringBuilder(MaximumCharacters + 5).Append('"');
        for (var index = 0; index < shown.Length; index++)
        {
            if (index + 1 < shown.Length && char.IsSurrogatePair(shown[index], shown[index + 1]))
            {
                text.Append(shown[index]).Append(shown[++index]);
            }
            else if (MustBeMadeVisible(shown[index]))
            {
                text.Append(CultureInfo.InvariantCulture, $"\\u{(int)shown[index]:X4}");
            }
            else
            {
                text.Append(shown[index]);
            }
        }

        return text.Append(shown.Length < value.Length ? "...\"" : "\"").ToString();
    }

    private static bool MustBeMadeVisible(char character) => char.GetUnicodeCategory(character)
        is UnicodeCategory.Control
        or UnicodeCategory.Format
        or UnicodeCategory.LineSeparator
        or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.Surrogate;
}
