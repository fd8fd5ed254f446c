using System.Text;

namespace HybridStore.Journaling.Watching;

/// <summary>The name of a table, read as PostgreSQL reads it and written so that it means the same anywhere: with each part quoted.</summary>
internal readonly record struct TableName
{
    private readonly string _quoted;

    private TableName(string quoted) => _quoted = quoted;

    /// <exception cref="ArgumentException">It is not written as in SQL.</exception>
    public static TableName Parse(string table)
    {
        ArgumentNullException.ThrowIfNull(table);
        var quoted = new StringBuilder(table.Length + 4);
        var rest = table.AsSpan();
        for (var parts = 1; ; parts++)
        {
            var length = rest.StartsWith('"') ? AppendQuoted(rest, quoted) : AppendPlain(rest, quoted);
            rest = rest[length..];
            if (length == 0 || parts > 2 || (!rest.IsEmpty && rest[0] != '.'))
            {
                throw new ArgumentException(
                    $"A table must be written as in SQL, with or without its schema: users, crm.users or public.\"User\". It is {Keys.Excerpt.Of(table)}.",
                    nameof(table));
            }

            if (rest.IsEmpty)
            {
                return new TableName(quoted.ToString());
            }

            quoted.Append('.');
            rest = rest[1..];
        }
    }

    /// <summary>An identifier that means exactly this name.</summary>
    public static string Quote(string identifier) => $"\"{identifier.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    public override string ToString() => _quoted;

    /// <summary>How much of the text it took; 0 where it is no identifier.</summary>
    private static int AppendPlain(ReadOnlySpan<char> text, StringBuilder quoted)
    {
        var length = 0;
        while (length < text.Length
            && (char.IsLetter(text[length]) || text[length] == '_' || (length > 0 && IsDigitOrDollar(text[length]))))
        {
            length++;
        }

        if (!Fits(text[..length]))
        {
            return 0;
        }

        quoted.Append('"');
        foreach (var character in text[..length])
        {
            // As PostgreSQL does in UTF-8: what is not ASCII keeps its case.
            quoted.Append(char.IsAsciiLetterUpper(character) ? char.ToLowerInvariant(character) : character);
        }

        quoted.Append('"');
        return length;
    }

    private static int AppendQuoted(ReadOnlySpan<char> text, StringBuilder quoted)
    {
        var name = new StringBuilder();
        for (var index = 1; index < text.Length; index++)
        {
            if (text[index] != '"')
            {
                name.Append(text[index]);
            }
            else if (index + 1 < text.Length && text[index + 1] == '"')
            {
                name.Append('"');
                index++;
            }
            else
            {
                var identifier = name.ToString();
                quoted.Append(Quote(identifier));
                return Fits(identifier) ? index + 1 : 0;
            }
        }

        return 0;
    }

    private static bool IsDigitOrDollar(char character) => char.IsAsciiDigit(character) || character == '$';

    // PostgreSQL would cut off what is too long, and find another table perhaps.
    private static bool Fits(ReadOnlySpan<char> identifier) =>
        !identifier.Contains('\0') && Encoding.UTF8.GetByteCount(identifier) is >= 1 and <= JournalOptions.LongestIdentifier;
}
