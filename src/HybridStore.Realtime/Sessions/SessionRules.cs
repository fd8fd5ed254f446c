namespace HybridStore.Realtime.Sessions;

/// <summary>What the application's texts in sessions must be.</summary>
internal static class SessionRules
{
    public const int MaximumFields = 1000;

    private const int LongestField = 128;
    private const int LongestUser = 256;
    private const int LongestDevice = 512;

    public static void CheckField(string name, string parameter) => Check(name, LongestField, "A field's name", "\"cart\"", parameter);

    public static void CheckUser(string userId, string parameter) => Check(userId, LongestUser, "A user's id", "\"42\"", parameter);

    public static void CheckDevice(string device, string parameter) =>
        Check(device, LongestDevice, "A device", "\"Firefox on Linux\"", parameter);

    public static void CheckCount(int count, string parameter)
    {
        if (count > MaximumFields)
        {
            throw new ArgumentException(
                $"One change sets and removes at most {MaximumFields} fields of each kind: put what belongs together into one field.", parameter);
        }
    }

    private static void Check(string text, int longest, string what, string example, string parameter)
    {
        ArgumentNullException.ThrowIfNull(text, parameter);
        if (text.Length == 0 || text.Length > longest || !IsClean(text))
        {
            throw new ArgumentException(
                $"{what} must have 1 to {longest} characters of well-formed text without control characters, such as {example}.", parameter);
        }
    }

    /// <summary>Whether Redis and PostgreSQL both hold the text unchanged.</summary>
    private static bool IsClean(string text)
    {
        for (var position = 0; position < text.Length; position++)
        {
            if (char.IsControl(text[position]))
            {
                return false;
            }

            if (char.IsSurrogate(text[position]))
            {
                if (position + 1 == text.Length || !char.IsSurrogatePair(text[position], text[position + 1]))
                {
                    return false;
                }

                position++;
            }
        }

        return true;
    }
}
